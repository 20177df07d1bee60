//! What a page is made of: fenced blocks, and prose with its spans of code.

/// The languages a block may have; shells go by the one name whose blocks are run.
const LANGUAGES: [&str; 7] = ["sh", "text", "python", "rust", "toml", "json", "wgsl"];

/// A fenced block.
pub(crate) struct Block {
    /// The number of its first line within the fence, from 1.
    pub(crate) line: usize,
    /// What stands behind the fence: a language and perhaps more.
    pub(crate) info: String,
    /// Its lines.
    pub(crate) lines: Vec<String>,
}

impl Block {
    /// Whether it holds commands.
    pub(crate) fn is_shell(&self) -> bool {
        self.info.split(' ').next() == Some("sh")
    }

    /// Why its commands are not run.
    ///
    /// # Errors
    /// If something else than a reason follows the language.
    pub(crate) fn reason_not_to_run(&self) -> Result<Option<&str>, String> {
        match self.info.strip_prefix("sh").map(str::trim) {
            Some("") => Ok(None),
            Some(rest) => match rest.strip_prefix("not run: ") {
                Some(reason) if reason.len() > 5 => Ok(Some(reason)),
                _ => Err(format!(
                    "line {}: expected `sh not run: REASON`, found `{}`",
                    self.line, self.info
                )),
            },
            None => Ok(None),
        }
    }

    /// Its commands with their line numbers: no comments, lines that end in `\` joined.
    pub(crate) fn commands(&self) -> Vec<(usize, String)> {
        let mut commands = Vec::new();
        let mut open: Option<(usize, String)> = None;
        for (number, line) in (self.line..).zip(&self.lines) {
            let (first, text) = match open.take() {
                Some((first, text)) => (first, text + "\n" + line),
                None => (number, line.clone()),
            };
            if text.ends_with('\\') {
                open = Some((first, text));
            } else if !text.trim().is_empty() && !text.trim().starts_with('#') {
                commands.push((first, text));
            }
        }
        assert!(
            open.is_none(),
            "line {}: the block ends in a backslash",
            self.line
        );
        commands
    }
}

/// The blocks of a page, and the text around them.
///
/// # Errors
/// If a block is not closed or has no language of the list, so that commands in it would not be run.
pub(crate) fn parse(text: &str) -> Result<(Vec<Block>, String), String> {
    let (mut blocks, mut prose, mut open) = (Vec::new(), String::new(), None::<Block>);
    for (number, line) in (1..).zip(text.lines()) {
        match (line.trim_start().strip_prefix("```"), open.as_mut()) {
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(info), None) => {
                let language = info.split(' ').next().unwrap_or_default();
                if !LANGUAGES.contains(&language) {
                    return Err(format!(
                        "line {number}: a block of `{language}`, expected one of {LANGUAGES:?}"
                    ));
                }
                open = Some(Block {
                    line: number + 1,
                    info: info.to_owned(),
                    lines: Vec::new(),
                });
            }
            (None, Some(block)) => block.lines.push(line.to_owned()),
            (None, None)
                if line.starts_with("    ") && line.trim_start().starts_with("dec-gpu ") =>
            {
                return Err(format!(
                    "line {number}: a command outside of a fenced block"
                ));
            }
            (None, None) => prose += &format!("{line}\n"),
        }
    }
    match open {
        Some(block) => Err(format!("line {}: the block is not closed", block.line)),
        None => Ok((blocks, prose)),
    }
}

/// The spans of code of some prose.
pub(crate) fn spans(prose: &str) -> impl Iterator<Item = &str> {
    prose.split('`').skip(1).step_by(2)
}
