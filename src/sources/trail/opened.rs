//! Opens a file: detects compressed data by their first bytes, and limits how much is read.

use std::io::{self, BufRead, BufReader, Chain, Cursor, Read};

use flate2::bufread::MultiGzDecoder;

use super::broken::Broken;

/// The first bytes of data that gzip compressed (source: RFC 1952).
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// The number of compressed bytes that are read at once.
const PIECE: usize = 64 << 10;

/// The number of bytes that are decompressed at once. If the compressed data are corrupt, the decompressor does not return
/// what it decompressed in the same call.
const MOST_LOST: usize = 16 << 10;

type Raw<R> = Chain<Cursor<Vec<u8>>, R>;

/// The text of a file.
pub(super) enum Opened<R: Read> {
    Plain(Limited<Raw<R>>),
    Compressed(Box<Limited<MultiGzDecoder<BufReader<Raw<R>>>>>),
}

/// Reads at most a number of bytes, and then fails.
pub(super) struct Limited<R> {
    reader: R,
    left: u64,
    limit: u64,
}

impl<R: Read> Opened<R> {
    /// Reads the first bytes. Returns `None` if there are none.
    pub(super) fn new(mut reader: R, limit: u64) -> io::Result<Option<Self>> {
        let mut first = Vec::new();
        reader.by_ref().take(GZIP.len() as u64).read_to_end(&mut first)?;
        if first.is_empty() {
            return Ok(None);
        }
        let is_compressed = first == GZIP;
        let raw = Cursor::new(first).chain(reader);
        Ok(Some(if is_compressed {
            let mut pieces = BufReader::with_capacity(PIECE, raw);
            pieces.fill_buf()?;
            Self::Compressed(Box::new(Limited { reader: MultiGzDecoder::new(pieces), left: limit, limit }))
        } else {
            Self::Plain(Limited { reader: raw, left: limit, limit })
        }))
    }
}

impl<R: Read> Read for Opened<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(reader) => reader.read(buffer),
            Self::Compressed(reader) => {
                let most = buffer.len().min(MOST_LOST);
                reader.read(&mut buffer[..most])
            }
        }
    }
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // One more byte shows that there is more than the limit.
        let most = (self.left + 1).min(buffer.len() as u64) as usize;
        let read = self.reader.read(&mut buffer[..most])? as u64;
        if read > self.left {
            return Err(io::Error::other(Broken::TooLarge(size(self.limit))));
        }
        self.left -= read;
        Ok(read as usize)
    }
}

fn size(bytes: u64) -> String {
    match (bytes >> 30, bytes >> 20) {
        (0, 0) => format!("{bytes} bytes"),
        (0, mib) => format!("{mib} MiB"),
        (gib, _) => format!("{gib} GiB"),
    }
}
