//! What of a database is shown: one of its views, columns by name, or everything.

use notion_import_core::notion::DataSource;
use notion_import_core::{Shown, ViewName};

use crate::fields::Fields;
use crate::problem::Problem;
use crate::words;

/// What there is to choose from, and what is chosen.
#[derive(askama::Template)]
#[template(path = "showing.html")]
pub struct Showing {
    views: Vec<Choice>,
    columns: Vec<Choice>,
    chosen: Shown,
}

struct Choice {
    value: String,
    name: String,
    is_chosen: bool,
}

/// Reads what a form chose; nothing if it had nothing to choose.
pub fn chosen(fields: &Fields) -> Result<Option<Shown>, Problem> {
    let chosen = match fields.text("show") {
        "" => return Ok(None),
        "first" => Shown::FirstView,
        "everything" => Shown::Everything,
        "columns" => Shown::Columns(fields.distinct("column").into_iter().map(str::to_owned).collect()),
        view => Shown::View(view.parse().map_err(|_| Problem::form("That is no view of a database."))?),
    };
    match &chosen {
        Shown::Columns(names) if names.is_empty() => Err(Problem::form("Tick at least one column.")),
        Shown::Columns(_) | Shown::FirstView | Shown::View(_) | Shown::Everything => Ok(Some(chosen)),
    }
}

impl Showing {
    pub fn of(data_source: &DataSource, views: &[ViewName], chosen: Shown) -> Self {
        let is_wanted = |name: &String| match &chosen {
            Shown::Columns(names) => names.contains(name),
            Shown::FirstView | Shown::View(_) | Shown::Everything => true,
        };
        let mut columns: Vec<_> = data_source.properties.0.iter().collect();
        columns.sort_by_key(|(_, column)| !column.is_title());
        let column = |name: &String| Choice {
            value: name.clone(),
            name: words::title(name),
            is_chosen: is_wanted(name),
        };
        let view = |view: &ViewName| Choice {
            value: view.id.to_string(),
            name: words::title(&view.name),
            is_chosen: chosen == Shown::View(view.id),
        };
        Self {
            columns: columns.into_iter().map(|(name, _)| column(name)).collect(),
            views: views.iter().map(view).collect(),
            chosen,
        }
    }

    fn is_everything(&self) -> bool {
        self.chosen == Shown::Everything
    }

    fn is_columns(&self) -> bool {
        matches!(self.chosen, Shown::Columns(_))
    }

    /// A view that is there no more shows what the first does.
    fn is_first(&self) -> bool {
        !self.is_everything() && !self.is_columns() && !self.views.iter().any(|view| view.is_chosen)
    }
}
