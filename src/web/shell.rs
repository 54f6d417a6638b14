//! What every page carries around its content: the face it belongs to, navigation, the signed-in person, the
//! business or account they act for, and the addresses of the page's own files.
//!
//! Pure data for the layouts in `templates/layouts/`. It reads no request, session or database and decides nothing
//! about access: whoever builds a `Shell` has already chosen which links this person may see.

/// Which of the product's faces a page wears. A layout is chosen by the template; the face adds its class and its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Face {
    /// The marketplace: a light, spacious shop.
    Storefront,
    /// The vendor's console for a customer business: a dense desk.
    Console,
    /// The vendor's own staff: a desk under a band that says so.
    Admin,
    /// Sign-in, registration, set-up and errors for people who are not signed in: one centred column.
    Plain,
}

impl Face {
    /// The class on the root element; `static/app.css` hangs each face's type size and header on it.
    pub fn class(self) -> &'static str {
        match self {
            Self::Storefront => "face-storefront",
            Self::Console => "face-console",
            Self::Admin => "face-admin",
            Self::Plain => "face-plain",
        }
    }

    /// The word beside the product's name in the header; empty where the product's name is enough.
    pub fn word(self) -> &'static str {
        match self {
            Self::Storefront => "Marketplace",
            Self::Console => "Console",
            Self::Admin => "Admin",
            Self::Plain => "",
        }
    }

    /// Where the product's name in the header leads.
    pub fn home(self) -> &'static str {
        match self {
            Self::Storefront => "/marketplace",
            Self::Console => "/console",
            Self::Admin => "/admin",
            Self::Plain => "/",
        }
    }
}

/// One link of the navigation.
#[derive(Clone, Debug)]
pub struct NavItem {
    pub label: &'static str,
    pub href: String,
    /// A symbol of `static/icons.svg`.
    pub icon: &'static str,
    /// Exactly one item of a page's navigation is current; it gets `aria-current`.
    pub current: bool,
    /// Things that wait behind the link, such as unclaimed purchases; zero is shown as nothing.
    pub count: Option<i64>,
}

impl NavItem {
    /// The count to show, if something waits.
    pub fn waiting(&self) -> Option<i64> {
        self.count.filter(|count| *count > 0)
    }
}

/// Links of the navigation that belong together, with a heading where the group needs one.
#[derive(Clone, Debug)]
pub struct NavGroup {
    pub label: Option<&'static str>,
    pub items: Vec<NavItem>,
}

/// A link by name: a step of the breadcrumb trail, or a crossing to another face.
#[derive(Clone, Debug)]
pub struct Crumb {
    pub label: String,
    pub href: String,
}

/// How a message is meant. It is always shown as an icon and a word as well as a colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Info,
    Success,
    Warning,
    Danger,
}

impl Tone {
    /// The symbol of `static/icons.svg`, which is also the suffix of the tone's CSS classes.
    pub fn icon(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Success => "success",
            Self::Warning => "warning",
            Self::Danger => "danger",
        }
    }

    /// The word that stands for the colour, read out before the message.
    pub fn word(self) -> &'static str {
        match self {
            Self::Info => "Information",
            Self::Success => "Success",
            Self::Warning => "Warning",
            Self::Danger => "Problem",
        }
    }

    /// The live region's role: what went wrong interrupts, everything else waits its turn.
    pub fn role(self) -> &'static str {
        match self {
            Self::Danger => "alert",
            Self::Info | Self::Success | Self::Warning => "status",
        }
    }
}

/// The outcome of the request before, shown once at the top of the next page.
#[derive(Clone, Debug)]
pub struct Flash {
    pub tone: Tone,
    pub title: String,
    /// May be empty when the title says it all.
    pub text: String,
    /// Label and address of the one thing to do next.
    pub link: Option<(String, String)>,
}

/// Who is signed in.
#[derive(Clone, Debug)]
pub struct Person {
    pub name: String,
    pub email: String,
}

/// On whose behalf the person acts; named at the top of the page at all times.
#[derive(Clone, Debug)]
pub struct Place {
    /// `Business`, `Buyer account` or `Staff`.
    pub label: &'static str,
    pub name: String,
    /// The person's role there, in words.
    pub detail: String,
    /// Where to change to another one; none for people who have only this one.
    pub switch_href: Option<String>,
}

/// Everything a layout needs. Every page's view struct has it as the field `shell`.
#[derive(Clone, Debug)]
pub struct Shell {
    pub face: Face,
    /// `Page - Section - Creditdesk`; unique for each page.
    pub title: String,
    /// The page shows an invalid form again: its title starts with `Error: `.
    pub has_errors: bool,
    pub nav: Vec<NavGroup>,
    pub crumbs: Vec<Crumb>,
    pub person: Option<Person>,
    pub place: Option<Place>,
    /// The session's token for the hidden field `csrf` of every form that posts.
    pub csrf: String,
    pub flash: Option<Flash>,
    /// What every page of this business says at its top, such as that it will be locked.
    pub banner: Option<Flash>,
    /// Where the test bench's clock stands, while the bench is on: what every page then says above everything.
    pub test_bench: Option<String>,
    /// The zone of the times on the page: `UTC` or an IANA name such as `Europe/Berlin`.
    pub zone: String,
    /// Path of this page without its query, as it stands in print headers.
    pub path: String,
    pub help_href: String,
    pub sign_in_href: String,
    pub sign_out_href: String,
    pub account_href: String,
    /// Links to the other faces that this person may use.
    pub crossings: Vec<Crumb>,
    /// Seconds until the session ends if nothing happens; none for people who are not signed in.
    pub session_seconds: Option<i64>,
    pub stylesheet: &'static str,
    pub script: &'static str,
    pub icons: &'static str,
    pub favicon: &'static str,
    /// The request's reference, which support can find in the log.
    pub reference: String,
    pub product_name: &'static str,
}

impl Shell {
    /// The title as the browser shows it.
    pub fn page_title(&self) -> String {
        let prefix = if self.has_errors { "Error: " } else { "" };
        format!("{prefix}{}", self.title)
    }
}

impl Shell {
    /// The page shows an invalid form again.
    #[must_use]
    pub fn with_errors(mut self) -> Self {
        self.has_errors = true;
        self
    }

    /// The same with a trail of links above the heading.
    #[must_use]
    pub fn with_crumbs(mut self, crumbs: &[(&str, String)]) -> Self {
        self.crumbs = crumbs.iter().map(|(label, href)| Crumb { label: (*label).to_owned(), href: href.clone() }).collect();
        self
    }
}
