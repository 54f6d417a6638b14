//! The macro that makes two tests of one story.

/// Writes each story once and runs it twice, as `a_sentence::on_sqlite` and `a_sentence::on_postgres`, each with a fresh
/// migrated database. The rule that a story guards stands in its doc comment:
///
/// ```ignore
/// both_engines! {
///     /// ACT-6: of many simultaneous attempts exactly one succeeds.
///     #[test]
///     async fn a_purchase_is_activated_once(stage: Stage) { … }
/// }
/// ```
macro_rules! both_engines {
    ($($(#[doc = $doc:literal])* #[test] $(#[expect($($lint:tt)*)])* async fn $name:ident($($stage:tt)*) $story:block)+) => {$(
        $(#[doc = $doc])*
        $(#[expect($($lint)*)])*
        async fn $name($($stage)*) $story

        mod $name {
            #[test]
            fn on_sqlite() {
                crate::support::play(creditdesk::db::Engine::Sqlite, super::$name);
            }

            #[test]
            fn on_postgres() {
                crate::support::play(creditdesk::db::Engine::Postgres, super::$name);
            }
        }
    )+};
}
