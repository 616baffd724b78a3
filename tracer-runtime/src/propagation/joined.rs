//! Several headers of one name, as one list.

use super::errors::Reason;

/// A copy is made when there is a second header.
pub(super) struct Joined<'a> {
    first: Option<&'a [u8]>,
    all: Vec<u8>,
    max_bytes: usize,
}

impl<'a> Joined<'a> {
    pub(super) const fn new(max_bytes: usize) -> Self {
        Self {
            first: None,
            all: Vec::new(),
            max_bytes,
        }
    }

    pub(super) fn add(&mut self, header: &'a [u8]) -> Result<(), Reason> {
        let before = self
            .first
            .map_or(0, |first| self.all.len().max(first.len()));
        if before + header.len() >= self.max_bytes {
            return Err(Reason::TooLong);
        }
        match self.first {
            None => self.first = Some(header),
            Some(first) => {
                if self.all.is_empty() {
                    self.all.extend_from_slice(first);
                }
                self.all.push(b',');
                self.all.extend_from_slice(header);
            }
        }
        Ok(())
    }

    pub(super) fn text(&self) -> Result<Option<&str>, Reason> {
        let Some(first) = self.first else {
            return Ok(None);
        };
        let all = if self.all.is_empty() {
            first
        } else {
            &self.all
        };
        std::str::from_utf8(all)
            .map(Some)
            .map_err(|_| Reason::NotText)
    }
}
