use super::super::line::tree;

/// The most columns of a line of help.
const COLUMNS_MAX: usize = 100;

/// All commands, the one without a word first, with their long help as a pipe gets it.
fn helps() -> Vec<(String, String)> {
    let mut tree = tree().term_width(COLUMNS_MAX);
    tree.build();
    let mut helps = vec![("stentor".to_owned(), tree.render_long_help().to_string())];
    for command in tree.get_subcommands_mut() {
        let name = command.get_name().to_owned();
        helps.push((name, command.render_long_help().to_string()));
    }
    helps
}

#[test]
fn every_command_has_examples_exit_codes_and_environment_in_its_long_help() {
    let helps = helps();
    assert!(helps.len() >= 9, "only {} commands were found", helps.len());
    for (name, help) in helps {
        for part in ["\nExamples:\n  ", "\nExit codes:\n  0  ", "\n  2  ", "\nEnvironment:\n  "] {
            assert!(help.contains(part), "{name} lacks {part:?}:\n{help}");
        }
        let example = format!("stentor {name}");
        assert!(name == "stentor" || help.contains(&example), "{name}:\n{help}");
    }
}

#[test]
fn no_line_of_help_is_wider_than_100_columns() {
    for (name, help) in helps() {
        for line in help.lines() {
            assert!(line.chars().count() <= COLUMNS_MAX, "{name}: {line}");
        }
    }
    for text in [
        super::STENTOR,
        super::SERVE,
        super::CHECK_CONFIG,
        super::DOCTOR,
        super::TOKEN,
        super::PUBLISH,
        super::TAIL,
        super::TOP,
        super::COMPLETIONS,
    ] {
        assert!(text.lines().all(|line| line.chars().count() <= COLUMNS_MAX), "{text}");
    }
}

#[test]
fn every_flag_and_argument_says_what_it_is() {
    for command in tree().get_subcommands() {
        for argument in command.get_arguments() {
            let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
            assert!(!help.is_empty(), "{}: {}", command.get_name(), argument.get_id());
        }
    }
}
