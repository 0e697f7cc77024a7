//! Reads files up to a size limit, so that an endless file, such as `/dev/zero`, costs bounded memory and time.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// The size of the largest document, event or baseline that Logweir reads, in bytes. ECS accepts task definitions of up
/// to 64 KiB, so this limit of 16 MiB leaves room for files with many of them.
pub const LARGEST: u64 = 16 << 20;

/// Reads the file at `path`. The error of a larger file names the limit. The path may name a pipe, which a shell
/// creates for a process substitution.
pub fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_file() && metadata.len() > limit {
        return Err(too_large(limit));
    }
    read_from(file, limit)
}

/// Reads the text file at `path`, which must be UTF-8.
pub fn read_text(path: &Path, limit: u64) -> io::Result<String> {
    String::from_utf8(read(path, limit)?)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "the file is not UTF-8"))
}

/// Reads everything from `reader`. After `limit` bytes, reads one more byte to find out whether there is more, and then
/// returns an error that names the limit.
pub fn read_from(reader: impl Read, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit { Err(too_large(limit)) } else { Ok(bytes) }
}

/// Returns an error for a path that names no regular file, such as a device or a pipe. Returns `Ok` if nothing has this
/// path.
pub fn is_regular_or_absent(path: &Path) -> io::Result<()> {
    match std::fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file")),
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Whether the error says that a file exceeds the limit.
pub fn is_too_large(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.to_string().starts_with(TOO_LARGE))
}

const TOO_LARGE: &str = "larger than the limit of";

fn too_large(limit: u64) -> io::Error {
    let size = match limit >> 20 {
        0 => format!("{limit} bytes"),
        mib => format!("{mib} MiB"),
    };
    io::Error::new(io::ErrorKind::InvalidData, format!("{TOO_LARGE} {size}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_most_one_byte_behind_the_limit_is_read() {
        struct Endless(u64);
        impl Read for &mut Endless {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                buffer.fill(b'[');
                self.0 += buffer.len() as u64;
                Ok(buffer.len())
            }
        }
        let mut endless = Endless(0);
        let error = read_from(&mut endless, 1000).unwrap_err();
        assert_eq!((error.to_string().as_str(), endless.0), ("larger than the limit of 1000 bytes", 1001));
        assert_eq!(too_large(LARGEST).to_string(), "larger than the limit of 16 MiB");
        assert_eq!(read_from(&b"1234"[..], 4).unwrap(), b"1234");
    }
}
