//! CloudTrail records of the example's account: the machine image, and what has nothing to do
//! with it. The account number is the one that documentation uses; nobody real is in it.

use super::{DAY, IMAGE_MS, ZONE};
use crate::clock::Zone;
use crate::site::uuid;
use fastrand::Rng;
use serde_json::{Value, json};

const ACCOUNT: &str = "123456789012";
const REGION: &str = "ap-northeast-2";
const INSTANCE: &str = "i-0c0ffee1234567890";

/// The file as the cloud delivers it, but indented, so that a line can be pointed at.
pub(super) fn records(rng: &mut Rng) -> String {
    let at = |hour, minute, second| ZONE.at(DAY, hour, minute, second);
    let instance = json!({"instancesSet": {"items": [{"instanceId": INSTANCE}]}});
    let console = json!({"ConsoleLogin": "Success"});
    let image = json!({"instanceId": INSTANCE, "name": "driver-insu-prod-20221116"});
    let made = json!({"requestId": "5f0e1d2c-3b4a-4958-8776-a5b4c3d2e1f0", "imageId": "ami-0c0ffee9876543210"});
    let alarm = json!({"alarmName": "insu-prod-cpu-high", "metricName": "CPUUtilization",
        "threshold": 80.0, "namespace": "AWS/EC2"});
    let bucket = json!({"bucketName": "insu-prod-backup", "Host": "insu-prod-backup.s3.example.com"});
    let events = [
        (at(9, 2, 11), "signin", "ConsoleLogin", Value::Null, console),
        (at(9, 3, 40), "ec2", "DescribeInstances", instance.clone(), Value::Null),
        (at(9, 58, 2), "s3", "GetBucketAcl", bucket.clone(), Value::Null),
        (at(10, 20, 35), "monitoring", "PutMetricAlarm", alarm, Value::Null),
        (at(11, 5, 50), "ec2", "DescribeInstances", instance.clone(), Value::Null),
        (IMAGE_MS, "ec2", "CreateImage", image, made),
        (at(11, 6, 30), "ec2", "DescribeImages", json!({"ownersSet": {"items": [{"owner": "self"}]}}), Value::Null),
        (at(11, 12, 4), "ec2", "DescribeImages", json!({"ownersSet": {"items": [{"owner": "self"}]}}), Value::Null),
        (at(12, 0, 3), "s3", "PutObject", bucket, Value::Null),
        (at(13, 14, 27), "ec2", "DescribeInstances", instance, Value::Null),
    ];
    let list: Vec<Value> = events
        .into_iter()
        .map(|(ms, service, name, request, response)| event(ms, service, name, &request, &response, rng))
        .collect();
    format!("{:#}\n", json!({ "Records": list }))
}

fn event(at_ms: i64, service: &str, name: &str, request: &Value, response: &Value, rng: &mut Rng) -> Value {
    let mut id = Vec::new();
    uuid(rng, &mut id);
    let time = Zone::UTC.rfc3339(at_ms);
    json!({
        "eventVersion": "1.08",
        "userIdentity": {
            "type": "IAMUser",
            "principalId": "AIDAEXAMPLEOPERATOR01",
            "arn": format!("arn:aws:iam::{ACCOUNT}:user/infra-operator"),
            "accountId": ACCOUNT,
            "userName": "infra-operator"
        },
        "eventTime": format!("{}Z", &time[..19]),
        "eventSource": format!("{service}.amazonaws.com"),
        "eventName": name,
        "awsRegion": REGION,
        "sourceIPAddress": "203.0.113.20",
        "userAgent": "console.amazonaws.com",
        "requestParameters": request,
        "responseElements": response,
        "eventID": String::from_utf8_lossy(&id),
        "readOnly": name.starts_with("Describe") || name.starts_with("Get"),
        "eventType": if name == "ConsoleLogin" { "AwsConsoleSignIn" } else { "AwsApiCall" },
        "managementEvent": name != "PutObject",
        "recipientAccountId": ACCOUNT
    })
}
