//! The nginx configuration that declares the log format of a `main_ext` set.
//! It is as small as a real one can be; it is not a reader of configurations.

/// The `log_format` directive whose lines `access` writes.
pub const MAIN_EXT: &str = r#"    log_format main_ext '$remote_addr - $remote_user [$time_local] "$request" '
                        '$status $body_bytes_sent "$http_referer" '
                        '"$http_user_agent" "$http_x_forwarded_for" $host '
                        'rt=$request_time uct="$upstream_connect_time" '
                        'uht="$upstream_header_time" urt="$upstream_response_time" '
                        'ua="$upstream_addr" us="$upstream_status"';"#;

/// One vhost of the configuration.
#[derive(Clone, Debug)]
pub struct Vhost<'a> {
    /// Base of the file names: `shop` writes `/var/log/nginx/shop-access.log`.
    pub base: &'a str,
    /// `server_name`.
    pub server: &'a str,
    /// Servers of its upstream; empty for a vhost that only serves files.
    pub upstreams: &'a [&'a str],
}

/// `nginx.conf` and the files that it includes, as (path, text).
#[must_use]
pub fn files(vhosts: &[Vhost<'_>]) -> Vec<(String, Vec<u8>)> {
    let main = format!(
        "user www-data;\nworker_processes auto;\npid /run/nginx.pid;\n\n\
         events {{\n    worker_connections 1024;\n}}\n\n\
         http {{\n    include /etc/nginx/mime.types;\n{MAIN_EXT}\n\n    \
         sendfile on;\n    include /etc/nginx/conf.d/*.conf;\n}}\n"
    );
    let mut files = vec![("nginx.conf".to_owned(), main.into_bytes())];
    for vhost in vhosts {
        files.push((format!("conf.d/{}.conf", vhost.base), server(vhost).into_bytes()));
    }
    files
}

fn server(vhost: &Vhost<'_>) -> String {
    let base = vhost.base;
    let mut text = String::new();
    if !vhost.upstreams.is_empty() {
        text += &format!("upstream {base}_app {{\n");
        for upstream in vhost.upstreams {
            text += &format!("    server {upstream};\n");
        }
        text += "}\n\n";
    }
    text += &format!(
        "server {{\n    listen 80;\n    server_name {};\n    root /srv/{base};\n    \
         access_log /var/log/nginx/{base}-access.log main_ext;\n    \
         error_log /var/log/nginx/{base}-error.log warn;\n",
        vhost.server
    );
    if !vhost.upstreams.is_empty() {
        text += &format!(
            "\n    location /static/ {{\n        try_files $uri =404;\n    }}\n    \
             location = /favicon.ico {{\n        try_files $uri =404;\n    }}\n    \
             location = /robots.txt {{\n        try_files $uri =404;\n    }}\n    \
             location = /health {{\n        return 200 \"ok\\n\";\n    }}\n    \
             location / {{\n        proxy_set_header Host $host;\n        \
             proxy_pass http://{base}_app;\n    }}\n"
        );
    }
    text + "}\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_balance_and_the_format_is_declared_once() {
        let vhost = Vhost { base: "shop", server: "shop.example.test", upstreams: &["127.0.0.1:8080"] };
        let files = files(&[vhost]);
        assert_eq!(files.len(), 2);
        for (_, bytes) in &files {
            let count = |b: u8| bytes.iter().filter(|&&x| x == b).count();
            assert_eq!(count(b'{'), count(b'}'));
        }
        let main = String::from_utf8_lossy(&files[0].1);
        assert_eq!(main.matches("log_format main_ext").count(), 1);
    }
}
