//! The pages a person sees while connecting.

use notion_import_core::testing::World;
use url::Url;

const STYLE: &str = "\
body{font:16px/1.5 system-ui,sans-serif;color:#222;background:#f6f6f4;margin:0;padding:2rem 1rem}\
main{max-width:32rem;margin:auto;background:#fff;border:1px solid #e2e2de;border-radius:10px;padding:1.5rem 2rem}\
h1{font-size:1.3rem;margin:.2rem 0 1rem}fieldset{border:1px solid #e2e2de;border-radius:8px;margin:0 0 1rem;padding:.6rem 1rem}\
legend{font-weight:600}label{display:block;padding:.15rem 0}button{font:inherit;padding:.5rem 1.1rem;border-radius:8px;\
border:1px solid #bbb;background:#fff;cursor:pointer}button.main{background:#222;border-color:#222;color:#fff}\
.hint{background:#fff4d6;border-radius:8px;padding:.5rem .8rem}.note{color:#595959;font-size:.85rem}";

/// The person picks a workspace, and pages in it.
pub(super) fn consent(world: &World, token: &str, hint: Option<&str>) -> String {
    let workspaces = world.workspaces();
    let only = if workspaces.len() == 1 { " checked" } else { "" };
    let hint = hint.map(|hint| format!("<p class=hint role=alert>{}</p>", escape(hint))).unwrap_or_default();
    let mut choices = String::new();
    for (id, name) in &workspaces {
        choices.push_str(&format!(
            "<fieldset><legend><label><input type=radio name=workspace value=\"{id}\" required{only}> {}</label></legend>",
            escape(name)
        ));
        for (page, title) in world.roots(*id) {
            choices.push_str(&format!(
                "<label><input type=checkbox name=page value=\"{page}\"> {}</label>",
                escape(&title)
            ));
        }
        choices.push_str("</fieldset>");
    }
    framed(
        "Connect Notion",
        &format!(
            "<h1>Connect Notion</h1>{hint}<p>The Trust Center wants to read the pages you choose, and everything below \
             them. It cannot change them.</p><form method=post action=consent>\
             <input type=hidden name=session_token value=\"{}\">{choices}\
             <button class=main name=decision value=allow>Allow access</button> \
             <button name=decision value=deny formnovalidate>Cancel</button></form>\
             <p class=note>A stand-in for Nango and Notion: nothing leaves this machine.</p>",
            escape(token)
        ),
    )
}

/// Nango gives no way back, so its last page can only be closed.
pub(super) fn closing(title: &str, what: &str, back: Option<&(String, Url)>) -> String {
    let back =
        back.map(|(name, url)| format!("<p><a href=\"{}\">{}</a></p>", escape(url.as_str()), escape(name)));
    let back = back.unwrap_or_default();
    let (shown, what) = (escape(title), escape(what));
    framed(title, &format!("<h1>{shown}</h1><p>{what} You can close this tab.</p>{back}"))
}

/// What Nango answers to every unknown path.
pub(super) fn dashboard() -> String {
    framed("Nango", "<h1>Nango</h1><p>The dashboard would be here.</p>")
}

fn framed(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\">\
         <title>{}</title><style>{STYLE}</style><main>{body}</main></html>",
        escape(title)
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}
