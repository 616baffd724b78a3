//! Behaviour tests of tracer live in `tests/`, one file a topic.
