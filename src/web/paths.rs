//! Every address of the program: patterns for the route table, functions for links. Nothing else spells an address.

use crate::kernel::id::{
    BenchRecordId, BusinessId, CodeBatchId, ContractId, EventId, EventTargetId, InvitationId, LicenseId, MailId, PersonId, QuestionId,
    ScenarioId, ServiceKeyId, SessionReference, TransferId,
};
use std::fmt::{Display, Write};

/// Defines a pattern and, from the same text, the function that fills it.
macro_rules! paths {
    ($($(#[$meta:meta])* $pattern:ident, $function:ident($($argument:ident: $kind:ty),*) = $text:literal;)+) => {$(
        $(#[$meta])*
        pub const $pattern: &str = $text;

        $(#[$meta])*
        #[must_use]
        pub fn $function($($argument: $kind),*) -> String {
            #[allow(unused_mut, reason = "addresses without a variable part need no change")]
            let mut filled = $text.to_owned();
            $(filled = filled.replacen(concat!("{", stringify!($argument), "}"), &segment($argument), 1);)*
            filled
        }
    )+};
}

/// A path segment with everything escaped that is not a letter, a digit or one of `-_.~`.
fn segment(value: impl Display) -> String {
    value.to_string().bytes().fold(String::new(), |mut safe, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            safe.push(char::from(byte));
        } else {
            write!(safe, "%{byte:02X}").ok();
        }
        safe
    })
}

/// An address with a query: `with_query(&licenses(), &[("status", "active")])`. Empty values are left out.
#[must_use]
pub fn with_query(path: &str, pairs: &[(&str, &str)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
        query.append_pair(name, value);
    }
    let query = query.finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// A queue of change events, where some of its clients call it: a seller's number and the queue's name.
pub const WIRE_QUEUE: &str = "/{queue_owner:[0-9]{12}}/{queue}";

paths! {
    /// To the marketplace or the console.
    HOME, home() = "/";
    /// Help, in the same place on all pages.
    HELP, help() = "/help";
    /// The demonstration's mail, which goes nowhere else.
    DEMONSTRATION_MAIL, demonstration_mail() = "/demonstration/mail";
    /// The file that goes with one of them.
    DEMONSTRATION_MAIL_FILE, demonstration_mail_file(mail: MailId) = "/demonstration/mail/{mail}/attachment";
    /// Every component in every state; debug builds only.
    STYLEGUIDE, styleguide() = "/styleguide";

    /// Search.
    MARKETPLACE, marketplace() = "/marketplace";
    /// A listing.
    LISTING, listing(prodview: &str) = "/marketplace/pp/{prodview}";
    /// Configure your Software Contract.
    CONTRACT, contract(prodview: &str) = "/marketplace/pp/{prodview}/contract";
    /// Review and pay.
    QUOTE, quote(quote: &str) = "/marketplace/quotes/{quote}";
    /// POST: pay it.
    QUOTE_PAY, quote_pay(quote: &str) = "/marketplace/quotes/{quote}/pay";
    /// Receipt and next step.
    CONFIRMATION, confirmation(agreement: &str) = "/marketplace/agreements/{agreement}/confirmation";
    /// POST: a registration token, handed over by a page.
    SET_UP, set_up(agreement: &str) = "/marketplace/agreements/{agreement}/set-up";
    /// The buyer account's agreements.
    SUBSCRIPTIONS, subscriptions() = "/marketplace/subscriptions";
    /// The same as CSV.
    SUBSCRIPTIONS_CSV, subscriptions_csv() = "/marketplace/subscriptions.csv";
    /// One agreement.
    SUBSCRIPTION, subscription(agreement: &str) = "/marketplace/subscriptions/{agreement}";
    /// POST: a quote for more credits.
    UPGRADE, upgrade(agreement: &str) = "/marketplace/subscriptions/{agreement}/upgrade";
    /// POST: auto renew on or off.
    RENEWAL, renewal(agreement: &str) = "/marketplace/subscriptions/{agreement}/renewal";
    /// Invoices and credit notes.
    INVOICES, invoices() = "/marketplace/invoices";
    /// The same as CSV.
    INVOICES_CSV, invoices_csv() = "/marketplace/invoices.csv";
    /// Statement of a year.
    STATEMENT, statement() = "/marketplace/invoices/statement";
    /// The same as CSV.
    STATEMENT_CSV, statement_csv() = "/marketplace/invoices/statement.csv";
    /// The same as PDF.
    STATEMENT_PDF, statement_pdf() = "/marketplace/invoices/statement.pdf";
    /// One invoice or credit note.
    INVOICE, invoice(number: &str) = "/marketplace/invoices/{number}";
    /// The same as PDF.
    INVOICE_PDF, invoice_pdf(number: &str) = "/marketplace/invoices/{number}/pdf";
    /// POST: work in another buyer account.
    BUYER_ACCOUNT, buyer_account() = "/marketplace/buyer-account";

    /// The fulfilment address.
    SETUP, setup() = "/setup";
    /// A colleague's link.
    SETUP_HAND_OVER, setup_hand_over(code: &str) = "/setup/hand-over/{code}";
    /// POST: ask the marketplace again about a registration that waits for it.
    SETUP_AGAIN, setup_again() = "/setup/again";
    /// POST: forget the registration that this browser holds.
    SETUP_FORGET, setup_forget() = "/setup/forget";

    /// Sign in.
    SIGN_IN, sign_in() = "/sign-in";
    /// POST: sign out.
    SIGN_OUT, sign_out() = "/sign-out";
    /// Register a business.
    REGISTER, register() = "/register";
    /// What to do after registering: look into the mail.
    REGISTER_SENT, register_sent() = "/register/check-mail";
    /// Finish a registration by mail.
    REGISTER_FINISH, register_finish(code: &str) = "/register/finish/{code}";
    /// Ask for a reset mail.
    PASSWORD_FORGOT, password_forgot() = "/password/forgot";
    /// What to do after asking: look into the mail.
    PASSWORD_SENT, password_sent() = "/password/forgot/check-mail";
    /// Set a new password by mail.
    PASSWORD_RESET, password_reset(code: &str) = "/password/reset/{code}";
    /// Accept an invitation.
    INVITATION, invitation(code: &str) = "/invitations/{code}";

    /// One's own account.
    ACCOUNT, account() = "/account";
    /// Change the password.
    ACCOUNT_PASSWORD, account_password() = "/account/password";
    /// POST: end one session.
    ACCOUNT_SESSION_END, account_session_end(session: SessionReference) = "/account/sessions/{session}/end";
    /// POST: end all other sessions.
    ACCOUNT_SESSIONS_END, account_sessions_end() = "/account/sessions/end-others";

    /// Start page of the console.
    CONSOLE, console() = "/console";
    /// POST: work in another business.
    CONSOLE_BUSINESS, console_business() = "/console/business";
    /// Activate.
    ACTIVATION, activation() = "/console/activation";
    /// POST: make a hand-over link.
    ACTIVATION_HAND_OVER, activation_hand_over() = "/console/activation/hand-over";
    /// Activation Successful.
    ACTIVATION_DONE, activation_done(contract: ContractId) = "/console/activation/{contract}/done";
    /// License Information.
    LICENSES, licenses() = "/console/licenses";
    /// The same as CSV.
    LICENSES_CSV, licenses_csv() = "/console/licenses.csv";
    /// Add license: takes an activation code.
    LICENSE_ADD, license_add() = "/console/licenses/add";
    /// One license.
    LICENSE, license(license: LicenseId) = "/console/licenses/{license}";
    /// Credits & Billing.
    CREDITS, credits() = "/console/credits";
    /// Purchase history as CSV.
    CREDITS_PURCHASES_CSV, credits_purchases_csv() = "/console/credits/purchases.csv";
    /// One-year history as CSV.
    CREDITS_HISTORY_CSV, credits_history_csv() = "/console/credits/history.csv";
    /// One expiration as a calendar file.
    CREDITS_CALENDAR, credits_calendar() = "/console/credits/expiration.ics";
    /// The calculator; the whole estimate is in the address.
    CALCULATOR, calculator() = "/console/credits/calculator";
    /// Its result as CSV.
    CALCULATOR_CSV, calculator_csv() = "/console/credits/calculator.csv";
    /// The planner; every assumption is in the address.
    PLANNER, planner() = "/console/credits/planner";
    /// Its steps as CSV.
    PLANNER_CSV, planner_csv() = "/console/credits/planner.csv";
    /// Kept estimates.
    SCENARIOS, scenarios() = "/console/credits/scenarios";
    /// Keep an estimate.
    SCENARIO_NEW, scenario_new() = "/console/credits/new-scenario";
    /// Two kept estimates side by side.
    SCENARIO_COMPARE, scenario_compare() = "/console/credits/compare";
    /// One kept estimate; POST: rename it.
    SCENARIO, scenario(scenario: ScenarioId) = "/console/credits/scenarios/{scenario}";
    /// POST: remove it.
    SCENARIO_REMOVE, scenario_remove(scenario: ScenarioId) = "/console/credits/scenarios/{scenario}/remove";
    /// The purchase history as a workbook.
    CREDITS_PURCHASES_XLSX, credits_purchases_xlsx() = "/console/credits/purchases.xlsx";
    /// The history as a workbook.
    CREDITS_HISTORY_XLSX, credits_history_xlsx() = "/console/credits/history.xlsx";
    /// What each feature reserves, with forms for those who may change it.
    ALLOCATION, allocation() = "/console/credits/allocation";
    /// The same as CSV.
    ALLOCATION_CSV, allocation_csv() = "/console/credits/allocation.csv";
    /// The same as a workbook.
    ALLOCATION_XLSX, allocation_xlsx() = "/console/credits/allocation.xlsx";
    /// One feature: preview and POST.
    ALLOCATION_FEATURE, allocation_feature(solution: &str, feature: &str) = "/console/credits/allocation/{solution}/{feature}";
    /// Its entries.
    ALLOCATION_ENTRIES, allocation_entries(solution: &str, feature: &str) = "/console/credits/allocation/{solution}/{feature}/entries";
    /// Its entries as CSV.
    ALLOCATION_ENTRIES_CSV, allocation_entries_csv(solution: &str, feature: &str) = "/console/credits/allocation/{solution}/{feature}/entries.csv";
    /// Metered units as CSV.
    PAY_AS_YOU_GO_CSV, pay_as_you_go_csv() = "/console/credits/pay-as-you-go.csv";
    /// Manage billing model.
    BILLING_MODELS, billing_models() = "/console/credits/billing-model";
    /// One feature's: preview and POST.
    BILLING_MODEL, billing_model(solution: &str, feature: &str) = "/console/credits/billing-model/{solution}/{feature}";
    /// Where the credits of a license came from and went.
    LICENSE_TRACE, license_trace(license: LicenseId) = "/console/licenses/{license}/trace";
    /// The same as CSV.
    LICENSE_TRACE_CSV, license_trace_csv(license: LicenseId) = "/console/licenses/{license}/trace.csv";
    /// The business's people.
    TEAM, team() = "/console/team";
    /// Invite a colleague.
    TEAM_INVITE, team_invite() = "/console/team/invitations";
    /// POST: withdraw an invitation.
    TEAM_WITHDRAW, team_withdraw(invitation: InvitationId) = "/console/team/invitations/{invitation}/withdraw";
    /// One member: role, removal.
    TEAM_MEMBER, team_member(person: PersonId) = "/console/team/{person}";
    /// POST: give a role.
    TEAM_ROLE, team_role(person: PersonId) = "/console/team/{person}/role";
    /// POST: remove.
    TEAM_REMOVE, team_remove(person: PersonId) = "/console/team/{person}/remove";
    /// The business's audit log.
    AUDIT, audit() = "/console/audit";
    /// The same as a file.
    AUDIT_CSV, audit_csv() = "/console/audit.csv";

    /// Start page of the support desk.
    ADMIN, admin() = "/admin";
    /// Look-up by any identifier.
    ADMIN_SEARCH, admin_search() = "/admin/search";
    /// Businesses.
    ADMIN_BUSINESSES, admin_businesses() = "/admin/businesses";
    /// One business.
    ADMIN_BUSINESS, admin_business(business: BusinessId) = "/admin/businesses/{business}";
    /// One person.
    ADMIN_PERSON, admin_person(person: PersonId) = "/admin/people/{person}";
    /// Licenses.
    ADMIN_LICENSES, admin_licenses() = "/admin/licenses";
    /// One license.
    ADMIN_LICENSE, admin_license(license: LicenseId) = "/admin/licenses/{license}";
    /// A purchase in the marketplace, by the last part of its license ARN.
    ADMIN_PURCHASE, admin_purchase(purchase: &str) = "/admin/purchases/{purchase}";
    /// One buyer account.
    ADMIN_BUYER_ACCOUNT, admin_buyer_account(account: &str) = "/admin/buyer-accounts/{account}";
    /// Its invoices and credit notes.
    ADMIN_INVOICES, admin_invoices(account: &str) = "/admin/buyer-accounts/{account}/invoices";
    /// One invoice or credit note.
    ADMIN_INVOICE, admin_invoice(number: &str) = "/admin/invoices/{number}";
    /// The same as PDF.
    ADMIN_INVOICE_PDF, admin_invoice_pdf(number: &str) = "/admin/invoices/{number}/pdf";
    /// POST: issue a credit note.
    ADMIN_CREDIT_NOTES, admin_credit_notes(number: &str) = "/admin/invoices/{number}/credit-notes";
    /// Transfer license.
    ADMIN_TRANSFER_REQUEST, admin_transfer_request(license: LicenseId) = "/admin/licenses/{license}/transfer";
    /// Transfers.
    ADMIN_TRANSFERS, admin_transfers() = "/admin/transfers";
    /// One transfer.
    ADMIN_TRANSFER, admin_transfer(transfer: TransferId) = "/admin/transfers/{transfer}";
    /// POST: approve.
    ADMIN_TRANSFER_APPROVE, admin_transfer_approve(transfer: TransferId) = "/admin/transfers/{transfer}/approve";
    /// POST: reject.
    ADMIN_TRANSFER_REJECT, admin_transfer_reject(transfer: TransferId) = "/admin/transfers/{transfer}/reject";
    /// POST: withdraw.
    ADMIN_TRANSFER_WITHDRAW, admin_transfer_withdraw(transfer: TransferId) = "/admin/transfers/{transfer}/withdraw";
    /// Differences between the marketplace and the console.
    ADMIN_RECONCILIATION, admin_reconciliation() = "/admin/reconciliation";
    /// POST: compare every running contract with the marketplace now.
    ADMIN_COMPARE, admin_compare() = "/admin/reconciliation/compare";
    /// One difference.
    ADMIN_QUESTION, admin_question(question: QuestionId) = "/admin/reconciliation/{question}";
    /// POST: repair it.
    ADMIN_QUESTION_REPAIR, admin_question_repair(question: QuestionId) = "/admin/reconciliation/{question}/repair";
    /// POST: read the contract again now.
    ADMIN_QUESTION_REREAD, admin_question_reread(question: QuestionId) = "/admin/reconciliation/{question}/reread";
    /// Purchases that nobody activated.
    ADMIN_UNCLAIMED, admin_unclaimed() = "/admin/unclaimed";
    /// The same as CSV.
    ADMIN_UNCLAIMED_CSV, admin_unclaimed_csv() = "/admin/unclaimed.csv";
    /// POST: remind the buyer of a purchase.
    ADMIN_REMIND, admin_remind(purchase: &str) = "/admin/purchases/{purchase}/remind";
    /// What renews, lapses and is unclaimed in the next 180 days.
    ADMIN_OUTLOOK, admin_outlook() = "/admin/outlook";
    /// Its list as CSV.
    ADMIN_OUTLOOK_CSV, admin_outlook_csv() = "/admin/outlook.csv";
    /// Businesses in grace, locked or closed.
    ADMIN_LAPSED, admin_lapsed() = "/admin/outlook/businesses";
    /// The same as CSV.
    ADMIN_LAPSED_CSV, admin_lapsed_csv() = "/admin/outlook/businesses.csv";
    /// Close a business for deletion.
    ADMIN_CLOSING, admin_closing(business: BusinessId) = "/admin/businesses/{business}/closing";
    /// POST: take that back.
    ADMIN_REOPEN, admin_reopen(business: BusinessId) = "/admin/businesses/{business}/reopen";
    /// Activation codes, by batch.
    ADMIN_CODES, admin_codes() = "/admin/codes";
    /// Issue activation codes.
    ADMIN_CODES_NEW, admin_codes_new() = "/admin/codes/new";
    /// One batch of activation codes.
    ADMIN_CODE_BATCH, admin_code_batch(batch: CodeBatchId) = "/admin/codes/{batch}";
    /// POST: withdraw one code of a batch, or all.
    ADMIN_CODES_WITHDRAW, admin_codes_withdraw(batch: CodeBatchId) = "/admin/codes/{batch}/withdraw";
    /// Keys of the vendor's services; POST makes one.
    SERVICE_KEYS, service_keys() = "/admin/service-keys";
    /// The form for a new one.
    SERVICE_KEY_NEW, service_key_new() = "/admin/service-keys/new";
    /// One key.
    SERVICE_KEY, service_key(key: ServiceKeyId) = "/admin/service-keys/{key}";
    /// POST: revoke it.
    SERVICE_KEY_REVOKE, service_key_revoke(key: ServiceKeyId) = "/admin/service-keys/{key}/revoke";
    /// The test bench: clock and faults. Not there unless it is on.
    TEST_BENCH, test_bench() = "/admin/test-bench";
    /// POST: put the clock forward.
    TEST_BENCH_CLOCK, test_bench_clock() = "/admin/test-bench/clock";
    /// POST: switch a fault on.
    TEST_BENCH_FAULTS, test_bench_faults() = "/admin/test-bench/faults";
    /// POST: switch a fault off.
    TEST_BENCH_FAULT_OFF, test_bench_fault_off(fault: &str) = "/admin/test-bench/faults/{fault}/off";
    /// What the inspector recorded.
    TEST_BENCH_CALLS, test_bench_calls() = "/admin/test-bench/calls";
    /// The same as CSV.
    TEST_BENCH_CALLS_CSV, test_bench_calls_csv() = "/admin/test-bench/calls.csv";
    /// One record.
    TEST_BENCH_CALL, test_bench_call(record: BenchRecordId) = "/admin/test-bench/calls/{record}";
    /// Access keys of seller and buyer accounts; POST makes one.
    ACCESS_KEYS, access_keys() = "/admin/access-keys";
    /// The form for a new one.
    ACCESS_KEY_NEW, access_key_new() = "/admin/access-keys/new";
    /// One access key.
    ACCESS_KEY, access_key(access_key: &str) = "/admin/access-keys/{access_key}";
    /// POST: revoke it.
    ACCESS_KEY_REVOKE, access_key_revoke(access_key: &str) = "/admin/access-keys/{access_key}/revoke";
    /// Where sellers' events go.
    EVENT_TARGETS, event_targets() = "/admin/event-targets";
    /// The form for a new event target.
    EVENT_TARGET_NEW, event_target_new() = "/admin/event-targets/new";
    /// One event target.
    EVENT_TARGET, event_target(event_target: EventTargetId) = "/admin/event-targets/{event_target}";
    /// POST: withdraw an event target.
    EVENT_TARGET_WITHDRAW, event_target_withdraw(event_target: EventTargetId) = "/admin/event-targets/{event_target}/withdraw";
    /// What AWS told.
    ADMIN_EVENTS, admin_events() = "/admin/events";
    /// One event.
    ADMIN_EVENT, admin_event(event: EventId) = "/admin/events/{event}";
    /// POST: follow it again.
    ADMIN_EVENT_FOLLOW, admin_event_follow(event: EventId) = "/admin/events/{event}/follow";
    /// The whole audit log.
    ADMIN_AUDIT, admin_audit() = "/admin/audit";

    /// POST: usage that services report.
    API_USAGE, api_usage() = "/api/v1/usage";
    /// The figures of a business, for services.
    API_CREDITS, api_credits(business: BusinessId) = "/api/v1/businesses/{business}/credits";
    /// The API's description.
    API_OPENAPI, api_openapi() = "/api/v1/openapi.json";

    /// POST: an operation of the marketplace's API in CBOR; in JSON they are all `POST /`.
    WIRE_OPERATION, wire_operation(service: &str, operation: &str) = "/service/{service}/operation/{operation}";
    /// The certificate that signs the messages of webhooks.
    SNS_CERTIFICATE, sns_certificate(certificate: &str) = "/SimpleNotificationService-{certificate}.pem";
    /// Where a webhook confirms that it wants its messages.
    SNS_CONFIRM, sns_confirm() = "/sns";

    /// POST: messages of Amazon SNS.
    AWS_SNS, aws_sns() = "/aws/sns";

    /// Liveness.
    HEALTHZ, healthz() = "/healthz";
    /// Readiness, with the database.
    READYZ, readyz() = "/readyz";
    /// Prometheus text.
    METRICS, metrics() = "/metrics";
}
