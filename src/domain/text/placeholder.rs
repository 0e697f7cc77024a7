//! The variables of deploy tools and templates, such as `${GROUP}`, `#{Region}` or `YOUR_REGION`. A deploy tool or a
//! person replaces a variable with its value before ECS reads the document.
//!
//! The functions are for values that a document names: drivers, modes, sizes, Regions, log groups, families and names
//! of containers. No legal value of these kinds contains the marks of a variable, or Logweir judges a legal value with
//! such marks (a log group `/ecs/__blue__`) the same as a variable. A regular expression may contain any mark, so do
//! not ask about one.
//!
//! A stranger may have written the value, and it may be as long as a file. Each function reads it in linear time.

use serde_json::Value;

/// Whether the value is an intrinsic function of CloudFormation, such as `{"Ref": "Group"}`. CloudFormation replaces
/// the function by its value.
pub fn is_intrinsic(value: &Value) -> bool {
    let is_function = |name: &String| name == "Ref" || name == "Condition" || name.starts_with("Fn::");
    value.as_object().is_some_and(|members| members.len() == 1 && members.keys().all(is_function))
}

/// Whether the value is a text that is a placeholder, or an intrinsic function.
pub fn is_variable(value: &Value) -> bool {
    is_intrinsic(value) || value.as_str().is_some_and(is_placeholder)
}

/// Whether the text is a variable, or contains one.
pub fn is_placeholder(text: &str) -> bool {
    is_marked(text) || is_worded(text)
}

/// Whether the text contains a variable in the marks of a deploy tool or a template language.
pub fn is_marked(text: &str) -> bool {
    /// The beginnings of a variable that no legal value contains, even without the end of the variable.
    const OPENINGS: [&str; 12] = ["${", "$(", "%(", "$[", "{{", "{%", "%{", "#{", "@{", "<%", "[%", "AWS::"];
    OPENINGS.iter().any(|opening| text.contains(opening))
        || has_dollar_name(text)
        || [("{", "}"), ("<", ">"), ("((", "))")].iter().any(|(opening, closing)| encloses(text, opening, closing))
        || has_name_in_brackets(text)
        || text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).is_some_and(is_name)
        || ["%", "@", "#", "~", "|", "!", "^", "&", "`", "§"].iter().any(|mark| has_name_between(text, mark))
        || has_underlined_name(text)
        || text.strip_prefix('!').is_some_and(|tag| tag.starts_with(|c: char| c.is_ascii_uppercase()))
}

/// Whether a date format contains a variable. The directives of a date format look like the variables of some tools
/// (`%dT%H`), so this function knows fewer marks than [`is_marked`].
pub fn is_marked_format(format: &str) -> bool {
    let is_loud = |name: &str| name.len() > 2 && name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
    ["${", "{{", "<%=", "<% ", "#{", "@@"].iter().any(|opening| format.contains(opening))
        || format.strip_prefix('$').is_some_and(is_name)
        || format.strip_prefix('%').and_then(|rest| rest.strip_suffix('%')).is_some_and(is_loud)
        || format.strip_prefix("__").and_then(|rest| rest.strip_suffix("__")).is_some_and(is_name)
        || format.starts_with('<') && format.ends_with('>') && !format.contains('%')
}

/// Whether the words of the text ask a person for a value, or name a variable, such as `CHANGEME` or `AWS_REGION`.
fn is_worded(text: &str) -> bool {
    /// The beginnings of words that ask for a value.
    const ASKING: [&str; 9] =
        ["your", "replace", "placeholder", "changeme", "changethis", "insert", "todo", "tbd", "fixme"];
    /// The words that ask for a value if `me`, `this` or `it` follows.
    const DOING: [&str; 6] = ["change", "edit", "enter", "fill", "set", "update"];
    let words = words(text);
    let asks = |word: &String| {
        ASKING.iter().any(|beginning| word.starts_with(beginning))
            || word.ends_with("region")
            || (word.len() > 2 && word.bytes().all(|byte| byte == b'x'))
    };
    let is_to_do =
        |pair: &[String]| DOING.contains(&pair[0].as_str()) && ["me", "this", "it"].contains(&pair[1].as_str());
    words.iter().any(asks)
        || words.windows(2).any(is_to_do)
        || is_shouted(text)
        || (text.chars().count() > 2 && text.chars().all(|c| matches!(c, '.' | '?' | '…')))
        || text == "…"
}

/// Whether the text is written as the name of an environment variable: upper-case words that underscores join.
fn is_shouted(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
        && text.starts_with(|c: char| c.is_ascii_uppercase() || c == '_')
        && text.trim_matches('_').contains('_')
}

/// Returns the words of the text in lower case. A word ends at a character that is no letter or digit, and before an
/// upper-case letter that follows a lower-case letter.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for c in text.chars() {
        let ends = !c.is_ascii_alphanumeric() || (was_lower && c.is_ascii_uppercase());
        if ends && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(String::new());
        }
        if let (true, Some(word)) = (c.is_ascii_alphanumeric(), words.last_mut()) {
            word.push(c.to_ascii_lowercase());
        }
        was_lower = c.is_ascii_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Whether the text contains `$` with the name of a variable behind it.
fn has_dollar_name(text: &str) -> bool {
    text.match_indices('$').any(|(at, _)| text[at + 1..].starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_'))
}

/// Whether the text contains `opening` and, behind it, `closing`, with a text between them.
fn encloses(text: &str, opening: &str, closing: &str) -> bool {
    closed(text, closing).any(|before| before.split_once(opening).is_some_and(|(_, inner)| !inner.is_empty()))
}

/// Whether the text contains `[NAME]`. A name contains no bracket, so only the innermost brackets can enclose a name.
fn has_name_in_brackets(text: &str) -> bool {
    closed(text, "]").any(|before| before.rsplit_once('[').is_some_and(|(_, inner)| is_name(inner)))
}

/// Whether the text contains the name of a variable between two of `mark`.
fn has_name_between(text: &str, mark: &str) -> bool {
    closed(text, mark).skip(1).any(is_name)
}

/// Returns the parts of the text that end at `closing`. A part begins at the end of the part before it, so that a
/// function that searches each part reads the text once.
fn closed<'t>(text: &'t str, closing: &'t str) -> impl Iterator<Item = &'t str> {
    text.split_inclusive(closing).filter_map(move |part| part.strip_suffix(closing))
}

/// Whether the text contains `__NAME__`. Two underscores alone do not mark a variable, because the name of a container
/// or a log group may contain them: a name in lower or mixed case counts only if no letter or digit touches the marks.
fn has_underlined_name(text: &str) -> bool {
    let mut from = 0;
    while let Some(at) = text[from..].find("__").map(|at| from + at) {
        let name_at = at + text[at..].bytes().take_while(|byte| *byte == b'_').count();
        let Some(length) = text[name_at..].find("__") else { return false };
        let (name, end) = (&text[name_at..name_at + length], name_at + length);
        let behind = text[end..].trim_start_matches('_');
        let stands_alone = !text[..at].ends_with(|c: char| c.is_ascii_alphanumeric())
            && !behind.starts_with(|c: char| c.is_ascii_alphanumeric());
        let is_loud = !name.bytes().any(|byte| byte.is_ascii_lowercase());
        if is_name(name) && (stands_alone || is_loud) {
            return true;
        }
        from = end;
    }
    false
}

/// Whether the text can be the name of a variable: letters, digits and `_.-`, without a digit at the beginning.
fn is_name(text: &str) -> bool {
    let text = text.trim_matches(' ');
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Variables in marks. Two spaces or a line break separate the variables of a list.
    const MARKED: &str = "
        $REGION  ${REGION}  ${REGION:-eu-west-1}  $(REGION)  $((X))  $$REGION  $1  '$REGION'  ${{ env.REGION }}
        $[variables.region]  $env:REGION  %REGION%  %(region)s  %{region}  @REGION@  @@REGION@@  @{region}  @a.region@
        #{Region}  #{Region}#  #{Token[TOKEN.1]}  ${Token[TOKEN.12]}  __REGION__  __Region__  __app.name__  #REGION#
        ##REGION##  {{region}}  {{ region }}  {{{region}}}  {{- .Values.region -}}  {% region %}  <%= region %>
        <?= $region ?>  [% region %]  ((region))  (( grab region ))  {region}  {INSERT ticket/issue ID}  {0}
        [[region]]  [region]  [YOUR-REGION]  <region>  <your region>  <<region>>  ~region~  |REGION|  !REGION!
        ^REGION^  `region`  AWS::Region  {{resolve:ssm:/region}}";

    const WORDED: &str = "
        YOUR_REGION  your-region  YourRegion  yourregion  arn:aws:iam::YOUR_ACCOUNT_ID:role/x  REPLACE_ME  replace-me
        ReplaceMe  REPLACE_WITH_REGION  CHANGEME  changeme  change-me  ChangeMe  CHANGE_THIS  fill-me-in  PLACEHOLDER
        placeholder  INSERT_REGION_HERE  TODO  TODO: region  TBD  FIXME  XXX  xxxxxxxxxxxx  us-xxxx-1  AWS_REGION
        EXECUTION_ROLE_ARN  _REGION_NAME_  REGION  region  aws-region  my-region  AwsRegion  ...  ???  …";

    const LEGAL: &str = "
        awslogs  awsfirelens  json-file  sumologic  logentries  blocking  non-blocking  Blocking  25m  25 MiB  0.5 GB
        1024  FARGATE  EXTERNAL  eu-west-1  us-gov-west-1  us-iso-east-1  eusc-de-east-1  EU-WEST-1  /ecs/web
        /ecs/web__blue  a__b__c  web__api__v2  __init  /aws/ecs/#1/#2  /ecs/a#b/c#d  /ecs/region1  ecs-  a<b  a>b  web$
        100%  me@example  web-1.4_2  my-service  about-me  x  xx  A_  _  __  ____  ()  {}  []  <>  lots  eu-west-1a
        arn:aws:iam::111122223333:role/service-role/ecs_task  https://logs.eu-west-1.amazonaws.com";

    fn listed(text: &str) -> impl Iterator<Item = &str> {
        text.lines().flat_map(|line| line.trim().split("  ")).filter(|item| !item.is_empty())
    }

    #[test]
    fn the_variables_of_deploy_tools_are_placeholders() {
        for text in listed(MARKED) {
            assert!(is_marked(text), "{text}");
            for around in [format!("/ecs/{text}"), format!("{text}/web"), format!("/ecs/{text}-web")] {
                assert!(is_marked(&around), "{around}");
            }
        }
        for text in ["(region)", "!Ref Region", "!Sub x"] {
            assert!(is_marked(text), "{text}");
        }
    }

    #[test]
    fn words_that_ask_for_a_value_are_placeholders() {
        for text in listed(WORDED) {
            assert!(is_placeholder(text), "{text}");
            assert!(!is_marked(text), "{text}");
        }
    }

    #[test]
    fn a_legal_value_is_no_placeholder() {
        for text in listed(LEGAL) {
            assert!(!is_placeholder(text), "{text}");
        }
    }

    #[test]
    fn an_intrinsic_function_is_an_object_with_one_member() {
        let object = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        for text in [r#"{"Ref":"X"}"#, r#"{"Fn::GetAtt":["R","Arn"]}"#, r#"{"Fn::Sub":"a"}"#, r#"{"Condition":"C"}"#] {
            assert!(is_intrinsic(&object(text)), "{text}");
        }
        for text in [r#"{}"#, r#"{"ref":"X"}"#, r#"{"Ref":"X","mode":"y"}"#, r#"["Ref"]"#, r#""Ref""#, "null"] {
            assert!(!is_intrinsic(&object(text)), "{text}");
        }
    }

    #[test]
    fn a_date_format_is_no_placeholder() {
        for format in listed("%Y-%m-%d  %Y-%m-%dT%H:%M:%S%z  %Y%m%d  %Hh%Mm%Ss  [%b %d, %Y %H:%M:%S]  <%d>%%  %%  %s") {
            assert!(!is_marked_format(format), "{format}");
        }
        for format in listed(
            "${FORMAT}  $FORMAT  {{ format }}  %DATE_FORMAT%  #{Format}  __FORMAT__  <format>  @@FORMAT@@  <%= format %>",
        ) {
            assert!(is_marked_format(format), "{format}");
        }
    }

    /// A search from each mark to the end of the text would need more than 10¹⁰ steps.
    #[test]
    fn a_long_text_of_marks_is_read_in_linear_time() {
        for mark in ["[a", "[ ", "{", "{a ", "% ", "%a ", "__a ", "___", "-", ".a", "set-"] {
            for end in ["/", " ]"] {
                let [long, short] = [64 * 1024, 3].map(|times| format!("{}{end}", mark.repeat(times)));
                assert_eq!(is_placeholder(&long), is_placeholder(&short), "{mark}{end}");
                assert_eq!(is_marked_format(&long), is_marked_format(&short), "{mark}{end}");
            }
        }
        let openings = "[".repeat(1024 * 1024);
        assert!(!is_placeholder(&format!("{openings}]")));
        assert!(is_marked(&format!("{openings}a]")));
    }
}
