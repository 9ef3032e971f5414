//! Peers that do one thing, on a loopback port: what no real server can be made to do.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// Somebody who listens until the tests end.
pub struct Peer {
    pub port: u16,
}

/// What a hostile peer does with everybody who comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Habit {
    /// Accepts, and says nothing.
    Silent,
    /// Says bytes that mean nothing.
    Garbage,
    /// Says a hundred megabytes of one letter.
    Endless,
    /// Says the beginning of an answer, a byte every 50 ms.
    Slow(&'static str),
    /// Hangs up at once.
    Closes,
    /// Hangs up so that the other side gets a reset.
    Resets,
    /// Repeats whatever it hears.
    Echoes,
}

impl Peer {
    /// For each connection, this.
    pub fn serve(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let serve = Arc::new(serve);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let serve = Arc::clone(&serve);
                thread::spawn(move || serve(stream));
            }
        });
        Self { port }
    }

    /// Hears a request, and says this to it.
    pub fn says(answer: Vec<u8>) -> Self {
        Self::serve(move |mut stream| {
            hear(&mut stream);
            let _gone = stream.write_all(&answer);
        })
    }

    /// Hears requests, and says what this makes of them, until it makes nothing.
    pub fn answers(answer: impl Fn(&[u8]) -> Option<Vec<u8>> + Send + Sync + 'static) -> Self {
        Self::serve(move |mut stream| {
            loop {
                let heard = hear(&mut stream);
                let Some(said) = answer(&heard).filter(|_| !heard.is_empty()) else { return };
                if stream.write_all(&said).is_err() {
                    return;
                }
            }
        })
    }

    pub fn with(habit: Habit) -> Self {
        Self::serve(move |mut stream| match habit {
            Habit::Silent => while !hear(&mut stream).is_empty() {},
            Habit::Garbage => {
                let _gone = stream.write_all(&[0xff, 0x00, 0x13, 0x9c, 0x01].repeat(40));
                while !hear(&mut stream).is_empty() {}
            }
            Habit::Endless => {
                let piece = vec![b'A'; 64 * 1024];
                for _ in 0..1600 {
                    if stream.write_all(&piece).is_err() {
                        return;
                    }
                }
            }
            Habit::Slow(answer) => {
                for byte in answer.bytes() {
                    thread::sleep(Duration::from_millis(50));
                    if stream.write_all(&[byte]).is_err() {
                        return;
                    }
                }
                thread::sleep(Duration::from_secs(3));
            }
            Habit::Closes => {}
            Habit::Resets => {
                // What is left unread when a socket is closed is answered by a reset.
                thread::sleep(Duration::from_millis(100));
                let mut one = [0];
                stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
                let _one = stream.read(&mut one);
            }
            Habit::Echoes => loop {
                let heard = hear(&mut stream);
                if heard.is_empty() || stream.write_all(&heard).is_err() {
                    return;
                }
            },
        })
    }
}

/// What comes in one piece; nothing at the end.
fn hear(stream: &mut TcpStream) -> Vec<u8> {
    let mut buffer = [0; 8192];
    loop {
        match stream.read(&mut buffer) {
            Ok(read) => return buffer[..read].to_vec(),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return Vec::new(),
        }
    }
}
