//! Reading and writing: the traits of futures-io and what `futures` builds on them.
//!
//! tulipa's sockets implement these traits, so everything in the ecosystem that takes them works with the sockets.
//! Nothing in here is tulipa's own. The extension traits are where the methods are: [`AsyncReadExt`],
//! [`AsyncWriteExt`], [`AsyncBufReadExt`].
//!
//! # Examples
//!
//! ```
//! use futures::TryStreamExt;
//! use tulipa::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
//! use tulipa::net::{TcpListener, TcpStream};
//!
//! # tulipa::run(async {
//! let listener = TcpListener::bind("127.0.0.1:0").await?;
//! let mut client = TcpStream::connect(listener.local_addr()?).await?;
//! client.write_all(b"tulip\nrose\n").await?;
//! client.close().await?;
//!
//! let (server, _) = listener.accept().await?;
//! let lines: Vec<String> = BufReader::new(server).lines().try_collect().await?;
//! assert_eq!(lines, ["tulip", "rose"]);
//! # std::io::Result::Ok(())
//! # }).unwrap().unwrap();
//! ```

pub use futures::io::{
    AllowStdIo, AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncSeek, AsyncSeekExt,
    AsyncWrite, AsyncWriteExt, BufReader, BufWriter, Cursor, Empty, LineWriter, Lines, Repeat,
    Sink, copy, copy_buf, copy_buf_abortable, empty, repeat, sink,
};
pub use std::io::{Error, ErrorKind, IoSlice, IoSliceMut, Result, SeekFrom};
