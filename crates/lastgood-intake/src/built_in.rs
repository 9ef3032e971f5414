//! The access formats that are known without a configuration, each in the words of `log_format`. What is no single
//! pattern of words (HAProxy, uvicorn) is read in a file of its own.

use crate::log_format::AccessFormat;

/// nginx's and Apache's, and what gunicorn writes unless told otherwise.
const COMBINED: &str = r#"$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent""#;

/// Apache's shorter one.
const COMMON: &str = r#"$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent"#;

/// Debian's Apache: the host that was asked for and its port stand before what combined has.
const VHOST_COMBINED: &str = r#"$server_name:$server_port $remote_addr - $remote_user [$time_local] "$request" $status $bytes_sent "$http_referer" "$http_user_agent""#;

/// Traefik's common format: its own words stand behind what combined has.
const TRAEFIK: &str = r#"$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" $request_count "$router" "$upstream_url" ${request_time_ms}ms"#;

/// Amazon's application load balancer. The time is that of the answer, the duration that of the target; what was added
/// behind the actions over the years says nothing of interest here.
const AWS_ALB: &str = concat!(
    r#"$type $time_iso8601 $elb $remote_addr_port $upstream_addr $request_processing_time $request_time "#,
    r#"$response_processing_time $status $upstream_status $request_length $bytes_sent "$request_url" "$http_user_agent" "#,
    r#"$ssl_cipher $ssl_protocol $target_group_arn "$trace_id" "$domain_name" "$chosen_cert_arn" $rule_priority "#,
    r#"$creation_time "$actions""#
);

impl AccessFormat {
    /// Every format that is known without a configuration, the likeliest last.
    #[must_use]
    pub fn built_ins() -> [Self; 5] {
        [
            Self::built_in("aws-alb", AWS_ALB),
            Self::built_in("traefik", TRAEFIK),
            Self::built_in("vhost_combined", VHOST_COMBINED),
            Self::common(),
            Self::combined(),
        ]
    }

    /// nginx's and Apache's combined format.
    #[must_use]
    pub fn combined() -> Self {
        Self::built_in("combined", COMBINED)
    }

    /// The common format: combined without referrer and agent.
    #[must_use]
    pub fn common() -> Self {
        Self::built_in("common", COMMON)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::tz::TimeZone;
    use lastgood_model::UnixMs;

    use crate::access::Request;
    use crate::scan::{Context, Counts, Scanner, Sink};
    use crate::{Format, NginxConf, recognise};

    const VHOST: &str =
        r#"shop.example:443 1.2.3.4 - - [16/Nov/2022:11:04:56 +0900] "GET /a HTTP/1.1" 502 612 "-" "curl/7.88""#;
    const TRAEFIK: &str = r#"192.168.1.9 - admin [10/Oct/2000:13:55:36 -0700] "GET /api/x HTTP/2.0" 502 11 "-" "Mozilla/5.0 (X11)" 271 "web@docker" "http://172.18.0.4:8080" 3012ms"#;
    const NO_SERVER: &str =
        r#"192.168.1.9 - - [10/Oct/2000:13:55:37 -0700] "GET /none HTTP/1.1" 404 19 "-" "-" 272 "-" "-" 0ms"#;
    const ALB: &str = r#"https 2018-07-02T22:23:00.186641Z app/lb/50dc6c495c0c9188 192.168.131.39:2817 10.0.0.1:80 0.086 0.048 0.037 200 200 0 57 "GET https://www.example.com:443/a?b=c HTTP/1.1" "curl/7.46.0" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 arn:aws:elasticloadbalancing:us-east-2:1:targetgroup/t/73e2 "Root=1-58337281-1d84f3d73c47ec4e58577259" "www.example.com" "arn:aws:acm:us-east-2:1:certificate/1" 1 2018-07-02T22:22:48.364000Z "authenticate,forward" "-" "-" "10.0.0.1:80" "200" "-" "-""#;
    const ALB_ALONE: &str = r#"http 2018-11-30T22:23:01.000000Z app/lb/50dc6c495c0c9188 2001:db8::7:2817 - -1 -1 -1 503 - 34 366 "GET http://www.example.com:80/ HTTP/1.1" "curl/7.46.0" - - arn:aws:elasticloadbalancing:us-east-2:1:targetgroup/t/73e2 "Root=1-58337364-23a8" "-" "-" 0 2018-11-30T22:22:48.364000Z "forward" "-" "-" "-" "-" "-" "-""#;
    const ALB_OF_2016: &str = r#"h2 2016-08-10T00:10:33.145057Z app/lb/50dc6c495c0c9188 10.0.1.252:48160 10.0.0.66:9000 0.000 0.002 0.000 502 - 5 257 "GET https://10.0.2.105:773/ HTTP/2.0" "curl/7.46.0" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 arn:aws:elasticloadbalancing:us-west-2:1:targetgroup/t/73e2 "Root=1-58337327-72bd""#;

    /// Every request as host, client, target, status, upstream and duration.
    #[derive(Default)]
    struct Told(Vec<(UnixMs, String)>);

    impl Sink for Told {
        fn request(&mut self, request: &Request<'_>, _line: u64) {
            let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
            let upstream = request.first_upstream().map_or_else(|| "-".to_owned(), text);
            let words = [text(request.host), text(request.client), text(request.target), upstream];
            let said = format!("{} {} {:?}", words.join(" "), request.status, request.request_time_ms);
            self.0.push((request.at, said));
        }
    }

    fn read(text: &str) -> (String, Counts, Vec<(UnixMs, String)>) {
        let format = recognise(text.as_bytes(), "x", &NginxConf::default());
        let mut scanner = Scanner::new(
            &format,
            Context { zone: TimeZone::UTC, vhost: "v".into(), about: None, without: lastgood_model::Layers::NONE },
        );
        let mut told = Told::default();
        scanner.feed(text.as_bytes(), &mut told);
        (format.name().to_owned(), scanner.finish(&mut told), told.0)
    }

    fn said(text: &str, name: &str) -> Vec<String> {
        let (format, counts, told) = read(text);
        assert_eq!((format.as_str(), counts.parsed), (name, counts.lines), "{text}");
        told.into_iter().map(|(_, said)| said).collect()
    }

    #[test]
    fn debians_apache_names_the_host() {
        assert_eq!(said(VHOST, "vhost_combined"), ["shop.example 1.2.3.4 /a - 502 None"]);
        let prefixed = format!("apache-1  | {VHOST}\n");
        let name = "vhost_combined in docker compose logs";
        assert_eq!(said(&prefixed.repeat(2), name)[1], "shop.example 1.2.3.4 /a - 502 None");
    }

    #[test]
    fn what_only_looks_like_a_host_and_a_port_is_none() {
        let combined = &VHOST["shop.example:443 ".len()..];
        for (prefix, client) in [
            ("", "1.2.3.4"),
            ("Nov 16 11:04:56 web nginx: ", "1.2.3.4"),
            ("2022-11-16T02:04:56.123Z ", "1.2.3.4"),
            ("2001:db8::", "2001:db8::1.2.3.4"),
        ] {
            let line = format!("{prefix}{combined}");
            assert_eq!(said(&line, "combined"), [format!(" {client} /a - 502 None")], "{line}");
        }
    }

    #[test]
    fn traefik_names_server_and_duration() {
        let text = format!("{TRAEFIK}\n{NO_SERVER}\n");
        assert_eq!(
            said(&text, "traefik"),
            [" 192.168.1.9 /api/x 172.18.0.4:8080 502 Some(3012)", " 192.168.1.9 /none - 404 Some(0)"]
        );
    }

    #[test]
    fn the_load_balancer_of_amazon_names_target_and_host() {
        let text = format!("{ALB}\n{ALB_ALONE}\n{ALB_OF_2016}\n");
        assert_eq!(
            said(&text, "aws-alb"),
            [
                "www.example.com 192.168.131.39 /a?b=c 10.0.0.1:80 200 Some(48)",
                "www.example.com 2001:db8::7 / - 503 None",
                "10.0.2.105 10.0.1.252 / 10.0.0.66:9000 502 Some(2)",
            ]
        );
        assert_eq!(read(ALB).2[0].0, UnixMs(1_530_570_180_186));
    }

    #[test]
    fn damaged_lines_are_read_as_far_as_they_go() {
        for (name, line, status) in
            [("vhost_combined", VHOST, " 502 "), ("traefik", TRAEFIK, " 502 "), ("aws-alb", ALB, " 200 200")]
        {
            let plain = said(line, name);
            // Cut anywhere behind its status it is a request, before that it is none.
            let end = line.find(status).unwrap() + 4;
            for cut in 1..line.len() {
                let format = Format::Access(Arc::new(format_named(name)));
                let mut scanner = Scanner::new(
                    &format,
                    Context {
                        zone: TimeZone::UTC,
                        vhost: "v".into(),
                        about: None,
                        without: lastgood_model::Layers::NONE,
                    },
                );
                let mut told = Told::default();
                scanner.feed(&line.as_bytes()[..cut], &mut told);
                assert_eq!(told.0.len(), usize::from(cut >= end), "{name} {cut}");
                let counts = scanner.finish(&mut told);
                assert_eq!((counts.parsed, counts.unreadable), if cut >= end { (1, 0) } else { (0, 1) });
            }
            // Glued, after a block of NULs, with CRLF.
            let head = &line[..line.len() / 2];
            let whole = format!("{line}\n").repeat(5);
            let (format, counts, told) = read(&format!("{whole}\0\0\0\0{line}\r\n{line}\0\0{line}\n{head}\n"));
            assert_eq!((format.as_str(), counts.lines), (name, 8));
            assert!(told.len() >= 8 && told[..8].iter().all(|(_, said)| *said == plain[0]), "{told:?}");
        }
    }

    fn format_named(name: &str) -> crate::AccessFormat {
        crate::AccessFormat::built_ins().into_iter().find(|format| format.name() == name).unwrap()
    }
}
