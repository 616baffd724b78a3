//! The tests, with the attribute of the side that includes them.
#![allow(
    unused_variables,
    unsafe_code,
    clippy::use_self,
    reason = "what is tested is the attribute"
)]

pub(crate) use super::instrument;

macro_rules! cases {
    ($($module:ident { $($case:ident)* })*) => {
        $(mod $module;)*
        pub(crate) const ALL: &[(&str, fn())] =
            &[$($((concat!(stringify!($module), "::", stringify!($case)), $module::$case),)*)*];
    };
}

cases! {
    async_fn {
        the_span_is_entered_for_polls_and_for_the_drop
        an_error_ends_it_like_a_value
        a_future_dropped_in_the_middle_is_dropped_inside_of_the_span
        a_future_that_is_never_polled_is_no_span
        nested_functions_are_children
        compiles
    }
    async_trait {
        methods_record_self_and_their_parameters
        expressions_see_self
        the_type_of_self_is_a_field
        fields_beside_statements_before_the_future
    }
    manual_futures {
        the_future_of_impl_future_is_the_span
        the_boxed_future_is_the_span
        an_inner_async_function_in_a_box_is_the_span
        statements_before_the_future_are_outside
        an_async_block_may_borrow_nothing
    }
    destructuring {
        tuples
        nested_tuples
        references
        tuple_structs
        structs
        everything
    }
    err {
        an_error_is_an_event_inside_of_the_span
        question_marks_return_early
        of_async_functions
        of_functions_that_write_to_a_parameter
        of_async_functions_that_write_to_a_parameter
        with_impl_trait_in_the_result
        by_debug
        by_display
        with_the_target_of_the_span
        at_a_level
        by_debug_at_a_level
        the_level_of_the_span_is_its_own
        compiles
    }
    ret {
        the_value_is_an_event_inside_of_the_span
        with_the_target_of_the_span
        at_the_level_of_the_span
        of_functions_that_write_to_a_parameter
        of_async_functions
        of_impl_trait
        by_display
        of_a_result_with_err_only_ok
        of_an_error_with_err
        of_a_result_alone
        at_a_level_of_its_own
        by_debug_at_a_level
    }
    fields {
        literals
        an_expression_of_a_parameter
        two_expressions
        a_field_in_the_place_of_a_parameter
        an_expression_of_self
        beside_parameters
        empty
        strings
        keywords_in_names
        a_constant_as_the_name
        a_const_function_as_the_name
        an_associated_constant_as_the_name
        a_literal_in_braces_as_the_name
        a_name_in_braces_replaces_no_parameter
        recorded_later
        shorthand_of_display_and_debug
        nothing_is_evaluated_where_nobody_listens
        an_expression_is_evaluated_once
        a_bare_parameter_is_empty
    }
    follows_from {
        of_functions
        of_async_functions
        of_the_current_span
    }
    whole {
        everything_at_once
        parameters
        skipped_parameters
        skip_all
        generics
        methods
        impl_trait
        the_name_from_a_constant
        the_target_from_a_constant
        both_from_constants
        beside_a_module_called_tracing
        compiles
    }
    levels {
        by_name
        by_number
        by_path
        what_is_filtered_is_not_there
        the_maximum_of_the_subscriber
    }
    names {
        the_identifier
        the_argument
        the_literal_alone
    }
    parents {
        the_current_span
        another_span
        none
    }
    targets {
        the_module
        the_argument
    }
    witness {
        fields_are_visited_in_order_with_their_types
        each_type_that_is_a_value
        what_is_no_value_is_debugged
        drops_are_where_they_were
        a_panic_leaves_the_span
        a_loose_grammar
        what_is_given_twice
        recursion
        closures_and_returns
        a_subscriber_that_is_not_interested
        metadata
    }
    dead_code {
        is_still_reported
    }
}
