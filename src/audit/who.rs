//! Who acts: carried from the request, or from a job, into every use case that changes something.

use crate::kernel::clock::Timestamp;
use crate::kernel::id::PersonId;
use crate::text_enum;

text_enum! {
    /// In which of their roles a person acts; the three kinds are independent (IDN-3).
    pub enum ActingAs {
        /// Nobody is signed in.
        Anonymous = "anonymous",
        /// A signed-in person, for their own account.
        Person = "person",
        /// For a buyer account.
        Buyer = "buyer",
        /// For a business.
        Business = "business",
        /// As one of the vendor's staff.
        Staff = "staff",
        /// One of the vendor's services, by its key.
        Service = "service",
        /// The program itself: a job or a command.
        System = "system",
    }
}

/// Who acts, in what role, from where and when. `now` is read once an operation and used for everything in it.
#[derive(Clone, Debug)]
pub struct Who {
    /// The signed-in person, if any.
    pub person: Option<PersonId>,
    /// Email of the person, or the name of the job; kept readable after the person is gone.
    pub label: String,
    /// The role.
    pub acting_as: ActingAs,
    /// Network address of the client, `-` for jobs.
    pub address: String,
    /// Reference of the request, shown on error pages, `-` for jobs.
    pub request_id: String,
    /// The instant of the operation.
    pub now: Timestamp,
}

impl Who {
    /// A job or a command.
    #[must_use]
    pub fn system(name: &str, now: Timestamp) -> Self {
        Self { person: None, label: name.to_owned(), acting_as: ActingAs::System, address: "-".to_owned(), request_id: "-".to_owned(), now }
    }

    /// The same person in another role.
    #[must_use]
    pub fn acting_as(mut self, role: ActingAs) -> Self {
        self.acting_as = role;
        self
    }
}
