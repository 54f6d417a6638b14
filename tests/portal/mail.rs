//! The outbox and its two ports: files, and a real SMTP conversation with a server of the test's own.

use crate::support::Stage;
use chrono::TimeDelta;
use creditdesk::db::{self, Db, Failed, refuse};
use creditdesk::kernel::clock::Timestamp;
use creditdesk::marketplace::invoice::file_of_name;
use creditdesk::notices::deliver::deliver_due;
use creditdesk::notices::outbox::{self, ATTEMPTS_MAX};
use creditdesk::notices::port::MailPort;
use creditdesk::notices::{Attachment, Mail};
use creditdesk::tx;
use lettre::{AsyncSmtpTransport, Tokio1Executor};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

async fn post(db: &Db, now: Timestamp, subject: &str) {
    let posted: Result<(), db::Error> = tx!(db, |tx| {
        outbox::post(
            tx,
            Mail::new("license_activated", "Ada <ada@acme.example>", subject, "Your credits are there.\n.\nA line of one dot."),
            now,
        )
        .await
    });
    posted.unwrap();
}

/// An SMTP server that answers `MAIL FROM` with the given code and keeps what it was sent.
async fn smtp_server(mail_answer: &'static str) -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let taken = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&taken);
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let kept = Arc::clone(&kept);
            tokio::spawn(async move {
                let (reading, mut writing) = socket.split();
                let mut lines = BufReader::new(reading).lines();
                writing.write_all(b"220 test\r\n").await.unwrap();
                let mut data: Option<String> = None;
                while let Ok(Some(line)) = lines.next_line().await {
                    if let Some(text) = &mut data {
                        if line == "." {
                            kept.lock().unwrap().push(data.take().unwrap());
                            writing.write_all(b"250 taken\r\n").await.unwrap();
                        } else {
                            text.push_str(&line);
                            text.push('\n');
                        }
                        continue;
                    }
                    let answer = match line.split(' ').next().unwrap() {
                        "EHLO" => "250 test\r\n".to_owned(),
                        "MAIL" => format!("{mail_answer}\r\n"),
                        "DATA" => {
                            data = Some(String::new());
                            "354 go on\r\n".to_owned()
                        }
                        "QUIT" => "221 bye\r\n".to_owned(),
                        _ => "250 ok\r\n".to_owned(),
                    };
                    writing.write_all(answer.as_bytes()).await.unwrap();
                }
            });
        }
    });
    (port, taken)
}

fn smtp_port(port: u16) -> MailPort {
    let transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous("127.0.0.1").port(port).build();
    MailPort::Smtp { transport, from: "Creditdesk <desk@creditdesk.example>".parse().unwrap() }
}

both_engines! {
    #[test]
    async fn a_mail_goes_out_once_over_a_real_smtp_conversation(stage: Stage) {
        let (port, taken) = smtp_server("250 ok").await;
        post(&stage.db, stage.now(), "Activation Successful").await;
        assert_eq!(deliver_due(&stage.db, &stage.clock, &smtp_port(port), file_of_name).await.unwrap(), 1);
        assert_eq!(deliver_due(&stage.db, &stage.clock, &smtp_port(port), file_of_name).await.unwrap(), 0, "it is not sent twice");
        let (kept,): (String,) = stage.db.read("SELECT body FROM mails").one().await.unwrap();
        assert_eq!(kept, "", "a sent mail's text, which may carry a working link, is not kept");
        let taken = taken.lock().unwrap();
        let [mail] = taken.as_slice() else { panic!("one mail, not {taken:?}") };
        for part in ["Subject: Activation Successful", "To: Ada <ada@acme.example>", "From: Creditdesk <desk@creditdesk.example>", "Message-ID: <mai_", "Your credits are there."] {
            assert!(mail.contains(part), "{part} is missing in {mail}");
        }
        assert!(mail.contains("\n..\nA line of one dot."), "a line of one dot is escaped: {mail}");
    }

    #[test]
    async fn a_mail_that_the_server_refuses_waits_longer_each_time_and_is_given_up_at_last(stage: Stage) {
        let (port, taken) = smtp_server("451 later").await;
        post(&stage.db, stage.now(), "Activation Successful").await;
        for attempt in 0..ATTEMPTS_MAX {
            assert_eq!(outbox::list_due(&stage.db, stage.now(), 10).await.unwrap().len(), 1, "due for attempt {attempt}");
            assert_eq!(deliver_due(&stage.db, &stage.clock, &smtp_port(port), file_of_name).await.unwrap(), 0);
            assert!(outbox::list_due(&stage.db, stage.now(), 10).await.unwrap().is_empty(), "not due again at once");
            stage.clock.advance(TimeDelta::minutes(1 << attempt.min(9)));
        }
        stage.clock.advance(TimeDelta::days(30));
        assert!(outbox::list_due(&stage.db, stage.now(), 10).await.unwrap().is_empty(), "given up");
        assert!(taken.lock().unwrap().is_empty());
        let (error,): (Option<String>,) = stage.db.read("SELECT last_error FROM mails").one().await.unwrap();
        assert!(error.unwrap().contains("451"), "staff can read why");
    }

    #[test]
    async fn two_workers_share_the_mails_and_send_none_twice(stage: Stage) {
        let (port, taken) = smtp_server("250 ok").await;
        for number in 0..20 {
            post(&stage.db, stage.now(), &format!("mail {number}")).await;
        }
        let (first, second) = (smtp_port(port), smtp_port(port));
        let (first, second) = tokio::join!(deliver_due(&stage.db, &stage.clock, &first, file_of_name), deliver_due(&stage.db, &stage.clock, &second, file_of_name));
        assert_eq!(first.unwrap() + second.unwrap(), 20);
        assert_eq!(taken.lock().unwrap().len(), 20);
    }

    #[test]
    async fn a_mail_file_is_readable_by_its_owner_alone_and_its_subject_is_one_line(stage: Stage) {
        use std::os::unix::fs::PermissionsExt;
        post(&stage.db, stage.now(), "Hello\r\nBcc: everybody@acme.example").await;
        let folder = stage.folder().join("mail");
        let port = MailPort::Files { folder: folder.clone(), from: "Creditdesk <desk@creditdesk.example>".parse().unwrap(), delivered: None };
        assert_eq!(deliver_due(&stage.db, &stage.clock, &port, file_of_name).await.unwrap(), 1);
        let files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        let [file] = files.as_slice() else { panic!("one file, not {files:?}") };
        let text = std::fs::read_to_string(file).unwrap();
        assert!(text.contains("Subject: Hello") && !text.contains("\nBcc:"), "{text}");
        assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    async fn what_was_rolled_back_sends_no_mail(stage: Stage) {
        let refused: Result<(), Failed<&str>> = tx!(stage.db, |tx| {
            outbox::post(tx, Mail::new("license_activated", "ada@acme.example", "x", "y"), stage.now()).await?;
            refuse("no")
        });
        assert!(matches!(refused, Err(Failed::Refused("no"))));
        assert!(outbox::list_due(&stage.db, stage.now(), 10).await.unwrap().is_empty());
    }

    #[test]
    async fn a_file_goes_with_its_mail_as_multipart_and_is_not_kept_afterwards(stage: Stage) {
        let (port, taken) = smtp_server("250 ok").await;
        let file = Attachment::new("expiry ../\r\nX: y.ics", "text/calendar; charset=utf-8", "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n");
        assert_eq!(file.name, "expiry-..---X--y.ics", "a name is safe in a header and on a disk");
        let posted: Result<(), db::Error> = tx!(stage.db, |tx| {
            outbox::post(tx, Mail::new("expiry_warning", "ada@acme.example", "Credits expire", "Read the file.").with(file.clone()), stage.now()).await
        });
        posted.unwrap();
        let due = outbox::list_due(&stage.db, stage.now(), 10).await.unwrap();
        assert_eq!(due[0].attachment(), Some(file));
        assert_eq!(deliver_due(&stage.db, &stage.clock, &smtp_port(port), file_of_name).await.unwrap(), 1);
        let kept: (String, Option<String>, Option<Vec<u8>>) = stage.db.read("SELECT body, attachment_name, attachment FROM mails").one().await.unwrap();
        assert_eq!(kept, (String::new(), Some("expiry-..---X--y.ics".to_owned()), None), "text and content go, the name stays");
        let taken = taken.lock().unwrap();
        let [mail] = taken.as_slice() else { panic!("one mail, not {taken:?}") };
        for part in [
            "Content-Type: multipart/mixed;",
            "Read the file.",
            "Content-Disposition: attachment; filename=\"expiry-..---X--y.ics\"",
            "Content-Type: text/calendar; charset=utf-8",
            "BEGIN:VCALENDAR",
        ] {
            assert!(mail.contains(part), "{part} is missing in {mail}");
        }
    }

    /// MKT-13: a receipt whose document cannot be made does not go out without it; it waits, and staff can read why.
    #[test]
    async fn a_mail_waits_for_a_file_that_cannot_be_made_yet(stage: Stage) {
        let (port, taken) = smtp_server("250 ok").await;
        let posted: Result<(), db::Error> = tx!(stage.db, |tx| {
            let mail = Mail::new("marketplace_purchase_paid", "ada@acme.example", "Your purchase", "The invoice is attached.");
            outbox::post(tx, mail.with_on_delivery("TM-2026-000009.pdf", "application/pdf"), stage.now()).await
        });
        posted.unwrap();
        assert_eq!(deliver_due(&stage.db, &stage.clock, &smtp_port(port), file_of_name).await.unwrap(), 0);
        assert!(taken.lock().unwrap().is_empty());
        let waits: (Option<String>, Option<Timestamp>) = stage.db.read("SELECT last_error, sent_at FROM mails").one().await.unwrap();
        assert_eq!(waits, (Some("there is no document TM-2026-000009.pdf".to_owned()), None));
        stage.clock.advance(TimeDelta::minutes(1));
        assert_eq!(outbox::list_due(&stage.db, stage.now(), 10).await.unwrap().len(), 1, "it is tried again");
    }

    #[test]
    async fn the_demonstration_offers_the_file_of_a_mail_as_a_download(stage: Stage) {
        let portal = stage.portal().await;
        let file = Attachment::new("dates.ics", "text/calendar; charset=utf-8", "BEGIN:VCALENDAR\r\n");
        let posted: Result<(), db::Error> = tx!(stage.db, |tx| {
            outbox::post(tx, Mail::new("expiry_warning", "ada@acme.example", "Credits expire", "Read the file.").with(file.clone()), stage.now()).await
        });
        posted.unwrap();
        portal.run_due_jobs().await;
        let mut visitor = portal.browser();
        let href = visitor.open("/demonstration/mail").await.link("dates.ics").unwrap();
        let page = visitor.open(&href).await;
        assert_eq!((page.status, page.body.as_str()), (200, "BEGIN:VCALENDAR\r\n"));
        assert_eq!(page.header("content-disposition"), "attachment; filename=\"dates.ics\"");
        assert_eq!(visitor.open("/demonstration/mail/mai_00000000000000000000000000/attachment").await.status, 404);
    }
}
