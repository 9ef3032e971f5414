//! From a verdict to something that can be read: terminal, Markdown, HTML, JSON. Each shape has one file.
//! Nothing here decides; what is not in the verdict is not said.

pub mod answer;
pub mod chart;
pub mod check;
pub mod check_json;
pub mod clock;
pub mod compose_call;
pub mod course;
pub mod course_table;
pub mod engine;
pub mod events;
pub mod first_settings;
pub mod flags;
pub mod html;
pub mod json;
pub mod layout;
pub mod markdown;
pub mod mask;
pub mod nginx_patch;
pub mod outline;
pub mod overview;
pub mod page;
pub mod paste;
pub mod paste_check;
mod paste_state;
pub mod picture;
pub mod postmortem;
pub mod quote;
pub mod rollout;
pub mod series;
pub mod telling;
pub mod terminal;
mod under_way;
pub mod waste;
