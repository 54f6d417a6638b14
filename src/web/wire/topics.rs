//! Our side of the SNS envelope: the certificate that signs messages, and the address by which a webhook confirms that it
//! wants them. Neither asks who it is: a certificate is public, and the token is the proof.

use crate::audit::ActingAs;
use crate::kernel::secret::Secret;
use crate::marketplace::event_target;
use crate::marketplace::sns::{courier, signer};
use crate::web::route::{Access, Entry, get};
use crate::web::{Visit, WebError, paths};
use actix_web::{HttpResponse, web};

/// This room's lines of the route table.
#[must_use]
pub fn routes() -> Vec<Entry> {
    vec![get(paths::SNS_CERTIFICATE, Access::Public, || web::to(certificate)), get(paths::SNS_CONFIRM, Access::Public, || web::to(confirm))]
}

/// `GET /SimpleNotificationService-{certificate}.pem`.
async fn certificate(visit: Visit) -> Result<HttpResponse, WebError> {
    let found = signer::find_certificate(visit.db(), visit.param("certificate")).await?.ok_or(WebError::NotFound)?;
    Ok(HttpResponse::Ok().content_type("application/x-pem-file").body(found))
}

/// The path of a confirmation, as a message carries it.
#[must_use]
pub fn confirmation(topic_arn: &str, token: &str) -> String {
    paths::with_query(&paths::sns_confirm(), &[("Action", "ConfirmSubscription"), ("TopicArn", topic_arn), ("Token", token)])
}

/// `GET /sns?Action=ConfirmSubscription&TopicArn=&Token=`, answered as SNS answers it.
async fn confirm(visit: Visit) -> Result<HttpResponse, WebError> {
    let token = visit.query("Token");
    if visit.query("Action") != "ConfirmSubscription" || token.is_empty() {
        return Err(WebError::NotFound);
    }
    let who = visit.who(ActingAs::Service);
    let target = event_target::confirm(visit.db(), &who, &Secret::presented(token)).await?.ok_or(WebError::NotFound)?;
    let arn = courier::subscription(visit.db(), target).await?;
    let body = format!(
        "<ConfirmSubscriptionResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><ConfirmSubscriptionResult>\
         <SubscriptionArn>{arn}</SubscriptionArn></ConfirmSubscriptionResult><ResponseMetadata><RequestId>{}</RequestId>\
         </ResponseMetadata></ConfirmSubscriptionResponse>",
        visit.reference()
    );
    Ok(HttpResponse::Ok().content_type("text/xml").body(body))
}
