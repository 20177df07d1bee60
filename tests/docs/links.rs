//! Relative links: `[text](file)`, `![text](file)`.

use libtest_mimic::Trial;

use crate::{Checked, blocks, pages};

/// Every link of a page.
pub(crate) fn trial(page: &str) -> Trial {
    let page = page.to_owned();
    Trial::test(format!("links of {page}"), move || check(&page))
}

fn check(page: &str) -> Checked {
    let (_, prose) = blocks::parse(&pages::text(page))?;
    let path = pages::path(page);
    let folder = path.parent().ok_or("a page lies in a folder")?;
    for target in targets(&prose) {
        let file = target.split('#').next().unwrap_or_default();
        if !file.is_empty() && !folder.join(file).exists() {
            return Err(format!("{page}: a link leads to {target}, which is not there").into());
        }
    }
    Ok(())
}

/// Where links lead that have no scheme.
fn targets(prose: &str) -> impl Iterator<Item = &str> {
    let after = prose.split("](").skip(1);
    let targets = after.filter_map(|text| text.split(')').next());
    targets.filter(|target| !target.contains("://") && !target.starts_with("mailto:"))
}
