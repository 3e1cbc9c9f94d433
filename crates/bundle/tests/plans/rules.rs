//! What holds of every plan, whatever was asked for.

use container::plan::{Action, HookPoint, Plan};
use sys::namespace::{NEWCGROUP, NEWIPC, NEWNET, NEWTIME, NEWUSER, NEWUTS};

use crate::case::Case;
use crate::cases;

type Kind = fn(&Action) -> bool;

fn plans() -> impl Iterator<Item = (Case, Plan)> {
    cases::all().into_iter().filter_map(|mut case| case.plan.take().map(|plan| (case, plan)))
}

fn places(plan: &Plan, kind: Kind) -> impl DoubleEndedIterator<Item = usize> {
    plan.steps.iter().enumerate().filter(move |(_, step)| kind(&step.action)).map(|(place, _)| place)
}

/// In every plan all steps of the one kind come before all of the other; and some plan has both.
#[track_caller]
fn comes_before(earlier: Kind, later: Kind) {
    let mut seen = false;
    for (case, plan) in plans() {
        let (Some(last), Some(first)) = (places(&plan, earlier).next_back(), places(&plan, later).next())
        else {
            continue;
        };
        seen = true;
        let (last, first) = (&plan.steps[last.max(first)], &plan.steps[last.min(first)]);
        let in_order = earlier(&first.action);
        assert!(in_order, "{}: \"{}\" comes before \"{}\"", case.name, first.label(), last.label());
    }
    assert!(seen, "no plan has both kinds of steps");
}

/// In every plan all that stands between the two is of one kind; and some plan has both ends.
#[track_caller]
fn only_between(start: Kind, end: Kind, allowed: Kind) {
    let mut seen = false;
    for (case, plan) in plans() {
        let (Some(from), Some(to)) = (places(&plan, start).next(), places(&plan, end).next()) else {
            continue;
        };
        seen = true;
        for step in &plan.steps[from + 1..to] {
            assert!(allowed(&step.action), "{}: \"{}\" stands there", case.name, step.label());
        }
    }
    assert!(seen, "no plan has both ends");
}

/// How many steps of a kind a plan has.
#[track_caller]
fn has_just(count: usize, kind: Kind) {
    for (case, plan) in plans() {
        assert_eq!(places(&plan, kind).count(), count, "{}", case.name);
    }
}

fn enters_root(action: &Action) -> bool {
    matches!(action, Action::EnterRoot(_))
}

fn is_identity(action: &Action) -> bool {
    matches!(action, Action::Identity(_))
}

fn is_ready(action: &Action) -> bool {
    matches!(action, Action::Ready)
}

fn executes(action: &Action) -> bool {
    matches!(action, Action::Execute(_))
}

/// Whatever mounts, or makes files for mounts, beneath the root's descriptor.
fn mounts(action: &Action) -> bool {
    use Action::{BindRoot, Console, Dev, Device, MakeDirectory, MaskedPath, Mount, ReadonlyPath};
    matches!(
        action,
        Mount(_)
            | Dev(_)
            | Device(_)
            | BindRoot(_)
            | MaskedPath(_)
            | ReadonlyPath(_)
            | Console(_)
            | MakeDirectory(_)
    )
}

fn is_mask(action: &Action) -> bool {
    matches!(action, Action::MaskedPath(_) | Action::ReadonlyPath(_))
}

fn is_hook_of_create(action: &Action) -> bool {
    matches!(action, Action::HostHook(..) | Action::ContainerHook(HookPoint::CreateContainer, _))
}

/// What may still happen when everything is ready.
fn is_late(action: &Action) -> bool {
    use Action::{AwaitStart, BeReachable, ContainerHook, Filter, Label};
    matches!(
        action,
        AwaitStart | BeReachable | ContainerHook(HookPoint::StartContainer, _) | Label { .. } | Filter(_)
    )
}

#[test]
fn the_root_is_entered_after_every_mount() {
    comes_before(mounts, enters_root);
}

#[test]
fn paths_are_hidden_after_every_mount() {
    comes_before(|action| matches!(action, Action::Mount(_) | Action::Dev(_) | Action::Device(_)), is_mask);
}

#[test]
fn paths_are_hidden_after_the_hooks_of_create() {
    comes_before(is_hook_of_create, is_mask);
}

#[test]
fn hooks_of_create_find_every_mount() {
    comes_before(
        |action| matches!(action, Action::Mount(_) | Action::Dev(_) | Action::Device(_)),
        is_hook_of_create,
    );
}

#[test]
fn hooks_on_the_host_run_before_those_in_the_container() {
    comes_before(
        |action| matches!(action, Action::HostHook(..)),
        |action| matches!(action, Action::ContainerHook(..)),
    );
}

#[test]
fn prestart_hooks_run_before_create_runtime_hooks() {
    comes_before(
        |action| matches!(action, Action::HostHook(HookPoint::Prestart, _)),
        |action| matches!(action, Action::HostHook(HookPoint::CreateRuntime, _)),
    );
}

#[test]
fn start_container_hooks_run_in_the_root() {
    comes_before(enters_root, |action| matches!(action, Action::ContainerHook(HookPoint::StartContainer, _)));
}

#[test]
fn no_plan_holds_a_hook_that_start_or_delete_runs() {
    has_just(0, |action| matches!(action, Action::HostHook(HookPoint::Poststart | HookPoint::Poststop, _)));
}

#[test]
fn rights_are_given_up_in_the_root() {
    comes_before(enters_root, is_identity);
}

#[test]
fn rights_are_given_up_before_create_ends() {
    comes_before(is_identity, is_ready);
}

#[test]
fn a_filter_is_loaded_after_new_privileges_are_forbidden() {
    comes_before(
        |action| matches!(action, Action::NoNewPrivileges),
        |action| matches!(action, Action::Filter(_)),
    );
}

#[test]
fn a_filter_is_loaded_right_before_the_program() {
    only_between(|action| matches!(action, Action::Filter(_)), executes, |_| false);
}

#[test]
fn a_filter_is_loaded_once() {
    for (case, plan) in plans() {
        let filters = places(&plan, |action| matches!(action, Action::Filter(_)));
        assert!(filters.count() <= 1, "{}", case.name);
    }
}

#[test]
fn resource_limits_are_raised_with_the_rights_of_the_runtime() {
    comes_before(|action| matches!(action, Action::Limit(_)), is_identity);
}

#[test]
fn create_ends_before_start_is_awaited() {
    comes_before(is_ready, |action| matches!(action, Action::AwaitStart));
}

#[test]
fn between_create_and_the_program_are_hooks_labels_and_a_filter() {
    only_between(is_ready, executes, is_late);
}

#[test]
fn a_label_is_written_after_the_hooks_that_would_inherit_it() {
    comes_before(
        |action| matches!(action, Action::ContainerHook(..)),
        |action| matches!(action, Action::Label { .. }),
    );
}

#[test]
fn the_file_for_a_label_is_opened_outside_the_root() {
    comes_before(|action| matches!(action, Action::OpenLabel(_)), enters_root);
}

#[test]
fn kernel_parameters_are_set_outside_the_root() {
    comes_before(|action| matches!(action, Action::Sysctl { .. }), enters_root);
}

#[test]
fn ids_are_mapped_before_one_of_them_is_taken() {
    comes_before(
        |action| matches!(action, Action::MapIds(_)),
        |action| matches!(action, Action::BecomeRoot { .. }),
    );
}

#[test]
fn namespaces_of_the_users_root_are_made_by_it() {
    comes_before(
        |action| matches!(action, Action::BecomeRoot { .. }),
        |action| matches!(action, Action::Unshare(_)),
    );
}

#[test]
fn a_user_namespace_is_joined_before_all_others() {
    comes_before(
        |action| matches!(action, Action::Join { kind: NEWUSER, .. }),
        |action| matches!(action, Action::Join { kind, .. } if *kind != NEWUSER),
    );
}

#[test]
fn the_clone_makes_nothing_that_must_belong_to_a_new_user_namespace() {
    for (case, plan) in plans().filter(|(_, plan)| plan.namespaces & NEWUSER != 0) {
        assert_eq!(plan.namespaces & (NEWIPC | NEWNET | NEWUTS), 0, "{}", case.name);
    }
}

#[test]
fn the_cgroup_namespace_is_made_inside_the_cgroup() {
    comes_before(
        |action| matches!(action, Action::EnterCgroup),
        |action| matches!(action, Action::UnshareCgroup),
    );
}

#[test]
fn every_new_namespace_is_made_once() {
    for (case, plan) in plans() {
        let steps = plan.steps.iter().map(|step| match step.action {
            Action::Unshare(made) | Action::Fork { namespaces: made } => made,
            Action::UnshareCgroup => NEWCGROUP,
            Action::TimeNamespace { .. } => NEWTIME,
            _ => 0,
        });
        assert_eq!(plan.namespaces + steps.sum::<u64>(), case.made, "{}", case.name);
    }
}

#[test]
fn limits_that_hinder_the_set_up_are_set_after_it() {
    comes_before(
        |action| matches!(action, Action::Mount(_) | Action::Dev(_) | Action::Device(_)),
        |action| matches!(action, Action::Limits(_)),
    );
}

#[test]
fn limits_are_set_before_the_root_is_entered() {
    comes_before(|action| matches!(action, Action::Limits(_)), enters_root);
}

#[test]
fn the_working_directory_is_entered_before_and_checked_after_rights_are_given_up() {
    comes_before(|action| matches!(action, Action::EnterDirectory(_)), is_identity);
    comes_before(is_identity, |action| matches!(action, Action::VerifyDirectory(_)));
}

#[test]
fn a_plan_becomes_one_user() {
    has_just(1, is_identity);
}

#[test]
fn a_plan_is_ready_once() {
    has_just(1, is_ready);
}

#[test]
fn a_plan_ends_with_the_program() {
    has_just(1, executes);
    for (case, plan) in plans() {
        assert!(plan.steps.last().is_some_and(|step| executes(&step.action)), "{}", case.name);
    }
}
