//! What seals the tokens of connect sessions that are kept.

use std::io;

use cookie::Key;

use crate::folder::Folder;

const KEY: &str = "connect-key";

/// Takes the key that is kept in the folder, for this user of the machine alone, or makes one. Instances that start at once come here
/// one after the other.
pub fn key(folder: Option<&Folder>) -> io::Result<[u8; 32]> {
    let Some(folder) = folder else { return Ok(fresh()) };
    if let Some(kept) = folder.read(KEY)? {
        return kept.try_into().map_err(|_| io::Error::other("the key of connect sessions is not one"));
    }
    let key = fresh();
    folder.write(KEY, &key)?;
    Ok(key)
}

fn fresh() -> [u8; 32] {
    let (mut key, random) = ([0; 32], Key::generate());
    key.iter_mut().zip(random.encryption()).for_each(|(byte, of_random)| *byte = *of_random);
    key
}
