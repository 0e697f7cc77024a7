//! The pattern behind the name of a log group: the name with `{family}` and `{container}` in place of the family and
//! the name of the container.

use super::values::is_log_name_character;

/// The longest name of a log group, in characters (source: CloudWatch Logs API reference, CreateLogGroup).
const LONGEST: usize = 512;

/// The maximum number of places that one placeholder may have in a name.
const MOST_PLACES: usize = 2;

/// Returns the patterns that give this name to the log group of this container. A pattern with more placeholders comes
/// before a pattern with fewer, `{family}` before `{container}`, and the name itself comes last. Returns an empty list
/// if CloudWatch Logs does not accept the name.
pub(super) fn patterns(name: &str, family: Option<&str>, container: Option<&str>) -> Vec<String> {
    if !(1..=LONGEST).contains(&name.len()) || !name.chars().all(is_log_name_character) || name.starts_with("aws/") {
        return Vec::new();
    }
    let (families, containers) = (places(name, family, "{family}"), places(name, container, "{container}"));
    let pairs = families.iter().flat_map(|one| containers.iter().map(move |other| vec![*one, *other]));
    let pairs = pairs.filter(|pair| pair[0].end() <= pair[1].start || pair[1].end() <= pair[0].start);
    let alone = |places: &[Place]| places.iter().map(|place| vec![*place]).collect::<Vec<_>>();
    let mut found: Vec<String> = Vec::new();
    let fillings = pairs.chain(alone(&families)).chain(alone(&containers)).chain([Vec::new()]);
    for filling in fillings.collect::<Vec<_>>() {
        let pattern = filled(name, filling);
        if !found.contains(&pattern) {
            found.push(pattern);
        }
    }
    found
}

/// A place in a name at which a placeholder can be.
#[derive(Clone, Copy)]
struct Place {
    start: usize,
    length: usize,
    placeholder: &'static str,
}

impl Place {
    fn end(self) -> usize {
        self.start + self.length
    }
}

/// Returns the last places at which the name contains the word as a whole, the last place first. A name usually begins
/// with words that all log groups share, such as `ecs`.
fn places(name: &str, word: Option<&str>, placeholder: &'static str) -> Vec<Place> {
    let Some(word) = word.filter(|word| !word.is_empty()) else { return Vec::new() };
    let touches = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let is_whole = |start: &usize| {
        let (before, behind) = (&name[..*start], &name[start + word.len()..]);
        !touches(before.chars().next_back()) && !touches(behind.chars().next())
    };
    let starts = name.rmatch_indices(word).map(|(start, _)| start).filter(is_whole).take(MOST_PLACES);
    starts.map(|start| Place { start, length: word.len(), placeholder }).collect()
}

/// Returns the name with the placeholders in their places, which do not overlap.
fn filled(name: &str, mut places: Vec<Place>) -> String {
    places.sort_by_key(|place| place.start);
    let (mut pattern, mut end) = (String::new(), 0);
    for place in places {
        pattern += &name[end..place.start];
        pattern += place.placeholder;
        end = place.end();
    }
    pattern + &name[end..]
}

#[cfg(test)]
mod tests {
    use super::patterns;

    #[test]
    fn a_name_has_the_patterns_of_its_whole_words() {
        for (name, family, container, expected) in [
            ("/ecs/web", Some("web"), Some("app"), &["/ecs/{family}", "/ecs/web"][..]),
            ("/ecs/webapp", Some("web"), Some("app"), &["/ecs/webapp"]),
            ("/ecs/my-web-prod", Some("my-web"), None, &["/ecs/{family}-prod", "/ecs/my-web-prod"]),
            (
                "/ecs/web/app",
                Some("web"),
                Some("app"),
                &["/ecs/{family}/{container}", "/ecs/{family}/app", "/ecs/web/{container}", "/ecs/web/app"],
            ),
            ("/ecs/web", Some("web"), Some("web"), &["/ecs/{family}", "/ecs/{container}", "/ecs/web"]),
            ("/ecs/ecs", Some("ecs"), None, &["/ecs/{family}", "/{family}/ecs", "/ecs/ecs"]),
            (
                "/x/family",
                Some("x"),
                Some("family"),
                &["/{family}/{container}", "/{family}/family", "/x/{container}", "/x/family"],
            ),
            ("/ecs/web", None, Some(""), &["/ecs/web"]),
        ] {
            assert_eq!(patterns(name, family, container), expected, "{name}");
        }
    }

    #[test]
    fn a_name_that_cloudwatch_logs_refuses_has_no_pattern() {
        for name in ["", "/ecs/${family}", "/ecs/a b", "/ecs/a\nb", "aws/ecs", &"a".repeat(513), "/ecs/ä"] {
            assert_eq!(patterns(name, Some("web"), Some("app")), [""; 0], "{name}");
        }
    }

    #[test]
    fn a_name_of_one_repeated_word_has_few_patterns() {
        let name = "/a".repeat(256);
        assert_eq!(patterns(&name, Some("a"), Some("a")).len(), 2 + 2 + 2 + 1);
    }
}
