//! Streams in two halves.

use crate::{connection, on_any_workers};
use futures::future::try_join;
use tulipa::io::{AsyncReadExt, AsyncWriteExt};
use tulipa::try_spawn;

#[test]
fn owned_halves_work_in_two_tasks() {
    on_any_workers(async || {
        let (client, server) = connection().await?;
        let (mut reader, mut writer) = client.into_split();
        let received = try_spawn(async move {
            let mut text = String::new();
            reader.read_to_string(&mut text).await?;
            std::io::Result::Ok(text)
        });
        let sent = try_spawn(async move { writer.write_all(b"question").await });

        let mut server = server;
        let mut question = [0; 8];
        server.read_exact(&mut question).await?;
        server.write_all(b"answer").await?;
        drop(server);
        sent.await.unwrap();
        assert_eq!(received.await.unwrap(), "answer");
        Ok(())
    });
}

#[test]
fn dropping_the_writing_half_ends_what_is_written() {
    on_any_workers(async || {
        let (client, mut server) = connection().await?;
        let (mut reader, writer) = client.into_split();
        drop(writer);
        assert_eq!(server.read(&mut [0; 8]).await?, 0);
        server.write_all(b"still here").await?;
        reader.read_exact(&mut [0; 10]).await?;
        Ok(())
    });
}

#[test]
fn dropping_the_reading_half_changes_nothing() {
    on_any_workers(async || {
        let (client, mut server) = connection().await?;
        let (reader, mut writer) = client.into_split();
        drop(reader);
        writer.write_all(b"still here").await?;
        server.read_exact(&mut [0; 10]).await?;
        Ok(())
    });
}

#[test]
fn forgetting_the_writing_half_leaves_the_stream_open() {
    on_any_workers(async || {
        let (client, mut server) = connection().await?;
        let (mut reader, writer) = client.into_split();
        writer.forget();
        server.write_all(b"one").await?;
        reader.read_exact(&mut [0; 3]).await?;
        // Had the stream ended, this would meet the end instead of the bytes of `reader`'s stream.
        reader.as_ref().set_nodelay(true)?;
        (&mut reader.as_ref()).write_all(b"two").await?;
        server.read_exact(&mut [0; 3]).await?;
        Ok(())
    });
}

#[test]
fn reunited_halves_are_the_stream_and_do_not_end_it() {
    on_any_workers(async || {
        let (client, mut server) = connection().await?;
        let address = client.local_addr()?;
        let (reader, writer) = client.into_split();
        let mut client = reader.reunite(writer).unwrap();
        assert_eq!(client.local_addr()?, address);
        client.write_all(b"tulip").await?;
        server.read_exact(&mut [0; 5]).await?;
        Ok(())
    });
}

#[test]
fn halves_of_two_streams_come_back_unharmed() {
    on_any_workers(async || {
        let (one, mut other_end) = connection().await?;
        let (another, _server) = connection().await?;
        let (reader, writer) = one.into_split();
        let (other_reader, other_writer) = another.into_split();

        let error = reader.reunite(other_writer).unwrap_err();
        assert!(error.to_string().contains("two streams"));
        let mut one = error.reader.reunite(writer).unwrap();
        other_reader.reunite(error.writer).unwrap();
        one.write_all(b"tulip").await?;
        other_end.read_exact(&mut [0; 5]).await?;
        Ok(())
    });
}

#[test]
fn borrowed_halves_read_and_write_at_once() {
    on_any_workers(async || {
        let (mut client, mut server) = connection().await?;
        let echo = try_spawn(async move {
            let (reader, mut writer) = server.halves();
            tulipa::io::copy(reader, &mut writer).await?;
            writer.close().await
        });
        let (mut reader, mut writer) = client.halves();
        let mut answer = String::new();
        let ask = async {
            writer.write_all(b"tulip").await?;
            writer.close().await
        };
        try_join(ask, reader.read_to_string(&mut answer)).await?;
        assert_eq!(answer, "tulip");
        echo.await.unwrap();
        Ok(())
    });
}
