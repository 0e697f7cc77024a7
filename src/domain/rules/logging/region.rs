//! The names of AWS Regions.

/// The points of the compass in the names of Regions.
const DIRECTIONS: [&str; 9] =
    ["central", "east", "north", "northeast", "northwest", "south", "southeast", "southwest", "west"];

/// Whether the text has the form of a Region's name, such as `eu-west-1` or `us-gov-east-1`. A new Region has this form
/// too (source: the partitions in the endpoint rules of the AWS SDKs).
pub(super) fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [area, middle @ .., direction, number] = parts.as_slice() else { return false };
    let is_word = |part: &&str| (2..=5).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_lowercase());
    let is_number = number.len() <= 2 && number.bytes().all(|byte| byte.is_ascii_digit()) && !number.starts_with('0');
    is_word(area)
        && middle.len() <= 1
        && middle.iter().all(is_word)
        && DIRECTIONS.contains(direction)
        && is_number
        && !number.is_empty()
}

/// Returns the Region that the text most probably means: the text without blanks and without the letter of an
/// availability zone, in lower case.
pub(super) fn probable_region(text: &str) -> Option<String> {
    let name = text.trim().replace(['_', ' '], "-").to_ascii_lowercase();
    let zone = name.strip_suffix(|c: char| c.is_ascii_lowercase());
    [Some(name.as_str()), zone].into_iter().flatten().find(|name| is_region(name)).map(String::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_regions_of_every_partition_are_regions() {
        for text in [
            "us-east-1",
            "eu-west-3",
            "ap-southeast-7",
            "ap-northeast-1",
            "ca-central-1",
            "ca-west-1",
            "sa-east-1",
            "me-south-1",
            "af-south-1",
            "il-central-1",
            "mx-central-1",
            "cn-northwest-1",
            "us-gov-west-1",
            "us-iso-east-1",
            "us-isob-west-1",
            "us-isof-south-1",
            "eu-isoe-west-1",
            "eusc-de-east-1",
        ] {
            assert!(is_region(text), "{text}");
        }
        for text in [
            "",
            "eu",
            "eu-west",
            "eu-west-",
            "eu-west-1a",
            "EU-WEST-1",
            " eu-west-1",
            "eu-west-1\n",
            "eu-west1",
            "eu_west_1",
            "europe-west1",
            "eu-wset-1",
            "eu-west-01",
            "us-west-2-lax-1",
            "westeurope",
            "http://bucket.s3-website-us-east-1.amazonaws.com",
            "logs.eu-west-1.amazonaws.com",
            "*",
            "-west-1",
        ] {
            assert!(!is_region(text), "{text}");
        }
    }

    #[test]
    fn a_zone_a_blank_or_a_capital_letter_is_no_reason_to_forget_the_region() {
        for text in ["eu-west-1a", "EU-WEST-1", " eu-west-1 ", "eu_west_1", "eu west 1", "EU-West-1B"] {
            assert_eq!(probable_region(text).as_deref(), Some("eu-west-1"), "{text}");
        }
        for text in ["", "europe-west1", "https://eu-west-1.console.aws.amazon.com", "us-west-2-lax-1a"] {
            assert_eq!(probable_region(text), None, "{text}");
        }
    }
}
