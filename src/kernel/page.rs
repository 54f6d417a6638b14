use crate::kernel::clock::Timestamp;
use uuid::Uuid;
#[derive(Clone, Copy)]
pub struct PageSize(i64);
impl PageSize { pub fn overfetch(self) -> i64 { self.0 + 1 } }
pub struct Cursor { pub at: Timestamp, pub id: Uuid }
impl std::fmt::Display for Cursor { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { write!(f, "{}{}", self.at, self.id) } }
pub struct Paged<T> { pub items: Vec<T>, pub next: Option<String> }
impl<T> Paged<T> { pub fn from_overfetch(items: Vec<T>, _s: PageSize, f: impl Fn(&T) -> String) -> Self { let n = items.last().map(f); Self { items, next: n } } }
