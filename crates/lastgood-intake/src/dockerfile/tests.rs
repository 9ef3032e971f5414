//! Dockerfiles as people write them.

use proptest::prelude::*;

use super::*;

fn read(text: &str, used: &BuildUse<'_>) -> (Vec<u64>, Vec<String>) {
    let found = dockerfile(&Arc::from("Dockerfile"), text.as_bytes(), used);
    (found.run_lines, found.bases.iter().map(ToString::to_string).collect())
}

fn runs(text: &str) -> Vec<u64> {
    read(text, &BuildUse::default()).0
}

#[test]
fn a_front_end_that_is_built_where_it_runs() {
    let text = "FROM node:22 AS build\nWORKDIR /app\nCOPY . .\nRUN npm ci\nRUN npm run build\n\nFROM nginx:alpine\n\
        COPY --from=build /app/dist /usr/share/nginx/html\nEXPOSE 3000\n";
    let (lines, bases) = read(text, &BuildUse::default());
    assert_eq!((lines, bases), (vec![4, 5], vec!["nginx:alpine".to_owned(), "node:22".to_owned()]));
}

#[test]
fn a_stage_of_the_building_machine_does_not_count() {
    let text = "FROM --platform=$BUILDPLATFORM node:22 AS build\nRUN npm ci\nFROM build AS more\nRUN npm run build\n\
        FROM nginx:alpine\nCOPY --from=more /app/dist /x\nRUN chmod 755 /x\n";
    assert_eq!(runs(text), [7]);
    let written = text.replace("$BUILDPLATFORM", "linux/${BUILDARCH}").replace("RUN chmod 755 /x", "USER nginx");
    assert!(runs(&written).is_empty());
    let target = text.replace("$BUILDPLATFORM", "\"${TARGETPLATFORM:-linux/amd64}\"");
    assert_eq!(runs(&target), [2, 4, 7]);
}

#[test]
fn a_platform_that_is_named_counts_where_it_is_the_targets() {
    let text = "ARG PLATFORM=linux/amd64\nFROM --platform=${PLATFORM} debian:12\nRUN apt-get update\n";
    let of = |architecture| read(text, &BuildUse { architecture, ..BuildUse::default() }).0;
    assert_eq!(of(Some("amd64")), [3]);
    assert_eq!(of(None), [3]);
    assert!(of(Some("arm64")).is_empty());
    let args = [(Arc::from("PLATFORM"), Some(Secret::from("linux/arm64/v8")))];
    let used = BuildUse { args: &args, architecture: Some("arm64"), ..BuildUse::default() };
    assert_eq!(read(text, &used).0, [3]);
}

#[test]
fn stages_that_are_not_needed_are_not_built() {
    let text = "FROM a AS base\nRUN one\nFROM base AS test\nRUN two\nFROM base AS tools\nRUN three\nFROM scratch\n\
        RUN --mount=type=bind,from=tools,target=/t four\nCOPY --from=0 /x /y\nCOPY --from=alpine /z /z\n";
    assert_eq!(runs(text), [2, 6, 8]);
    let of = |target| read(text, &BuildUse { target: Some(target), ..BuildUse::default() }).0;
    assert_eq!(of("TEST"), [2, 4]);
    assert_eq!(of("0"), [2]);
    // A name that no stage has is the builder's to complain of.
    assert_eq!(of("none"), [2, 6, 8]);
}

#[test]
fn bases_are_told_with_their_arguments() {
    let text = "ARG BASE_IMAGE=debian:trixie-slim TAG\nFROM ${BASE_IMAGE} AS one\nFROM shop:$TAG\nCOPY --from=one /a /a\nFROM assets\nCOPY --from=1 / /\n";
    let contexts = [Arc::from("assets")];
    let used = BuildUse { contexts: &contexts, ..BuildUse::default() };
    assert_eq!(read(text, &used).1, ["debian:trixie-slim", "shop:$TAG"]);
    let args = [(Arc::from("BASE_IMAGE"), Some(Secret::from("alpine"))), (Arc::from("TAG"), Some(Secret::from("2")))];
    assert_eq!(read(text, &BuildUse { args: &args, ..used }).1, ["alpine", "shop:2"]);
}

#[test]
fn steps_with_documents_and_continued_lines_are_one_step_each() {
    let text = "FROM debian:12\nRUN apt-get update \\\n    && apt-get install -y curl\nRUN <<EOF\nset -e\nRUN no\nEOF\nCOPY <<EOF /x\nRUN no\nEOF\nONBUILD RUN later\n";
    assert_eq!(runs(text), [2, 4]);
}

#[test]
fn a_file_without_a_stage_runs_nothing() {
    assert!(runs("RUN x\n").is_empty());
    assert!(runs("").is_empty());
    assert!(runs("FROM\nFROM --platform=\n").is_empty());
}

proptest! {
    #[test]
    fn nothing_makes_it_panic(lines in proptest::collection::vec(
        r"(FROM|RUN|COPY|ARG|run|#|ONBUILD)? ?(--platform=|--from=|--mount=from=)?[$\{\}:A-Z0-9a-z<\\=-]{0,12} ?(AS [a-c])?",
        0..12,
    )) {
        let text = lines.join("\n");
        let found = dockerfile(&Arc::from("D"), text.as_bytes(), &BuildUse::default());
        prop_assert!(found.run_lines.iter().all(|line| *line >= 1 && *line <= lines.len() as u64));
    }
}
