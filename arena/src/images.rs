//! The images of the stacks: a stage each of `stacks/Dockerfile`, on the base of the example's stack, whose Keycloak is the arena's too.
//! What is there is not built again.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

/// A stage, and the Debian packages that it installs.
const IMAGES: [(&str, &str); 9] = [
    ("nginx", "nginx-light"),
    ("redis", "redis-server"),
    ("postgres", "postgresql-17"),
    (
        "python",
        "python3 python3-fastapi python3-uvicorn python3-redis python3-psycopg python3-httpx python3-jwt gunicorn",
    ),
    ("node", "nodejs ca-certificates"),
    ("java", "openjdk-21-jre-headless"),
    ("mariadb", "mariadb-server"),
    ("go", "ca-certificates"),
    ("keycloak", ""),
];

const BUILD: &str = r#"set -euo pipefail
docker image inspect "arena-$STAGE" >/dev/null 2>&1 && exit
if [ "$STAGE" = keycloak ]; then
  examples/econipass/stack images >/dev/null
  docker tag econipass-keycloak:26.0.7 arena-keycloak
  exit
fi
base=$(examples/econipass/stack base)
context=$(mktemp -d)
trap 'rm -rf "$context"' EXIT
cp arena/stacks/{Dockerfile,*-entrypoint} "$context"
mkdir -p "$context/packages/$STAGE"
[ ! -d "arena/stacks/packages/$STAGE" ] || arena/stacks/fetch "$STAGE" "$context/packages/$STAGE"
DOCKER_BUILDKIT=1 docker build --quiet --build-arg BASE_IMAGE="$base" --build-arg PACKAGES="$PACKAGES" \
  --build-arg DEBIAN_MIRROR="$(scripts/debian-mirror)" --target "$STAGE" --tag "arena-$STAGE" "$context"
"#;

/// Builds those that are not there. `home` is the folder of this crate.
pub fn build(home: &Path) -> Result<()> {
    for (stage, packages) in IMAGES {
        let mut command = Command::new("bash");
        command.arg("-c").arg(BUILD).current_dir(home.join("..")).env("STAGE", stage).env("PACKAGES", packages);
        let output = command.output()?;
        if !output.status.success() {
            bail!("arena-{stage}: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
    }
    Ok(())
}
