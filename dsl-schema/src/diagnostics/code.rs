//! The numbers of all findings. A number is given once and never reused.

use crate::diagnostics::Severity;

macro_rules! codes {
    ($($number:ident $name:ident $severity:ident,)*) => {
        /// What a finding is about. Written `LL0012`; [`explain`] gives its page.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(
                #[doc = concat!("`", stringify!($number), "`, see its page.")]
                $name,
            )*
        }

        impl Code {
            /// All of them, in the order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// `LL0012`.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => stringify!($number),)* }
            }

            /// How bad such a finding is.
            pub fn severity(self) -> Severity {
                match self { $(Self::$name => Severity::$severity,)* }
            }

            /// Its page: title, explanation, a wrong and a right example, in Markdown.
            pub fn page(self) -> &'static str {
                match self { $(Self::$name => include_str!(concat!("pages/", stringify!($number), ".md")),)* }
            }
        }
    };
}

codes! {
    // The text.
    LL0001 InvalidYaml Error,
    LL0002 TextTooLarge Error,
    LL0003 TooDeep Error,
    LL0004 TooManyNodes Error,
    LL0005 SeveralDocuments Error,
    LL0006 DuplicateKey Error,
    LL0007 UnsupportedTag Error,
    LL0008 UnquotedTemplate Error,
    LL0009 AliasInsideItself Error,
    LL0010 InvalidMerge Error,
    LL0011 KeyIsNotText Error,
    LL0012 UnknownStep Error,
    LL0013 ForbiddenCharacter Error,
    LL0014 EmptyFile Error,
    // The shape of values.
    LL0020 UnknownKey Error,
    LL0021 MissingKey Error,
    LL0022 WrongType Error,
    LL0023 UnknownWord Error,
    LL0024 NumberOutOfRange Error,
    LL0025 InvalidDuration Error,
    LL0026 KeyMakesNoSense Error,
    LL0027 UnsupportedVersion Error,
    LL0028 KeysExcludeEachOther Error,
    // Names.
    LL0030 InvalidPipelineName Error,
    LL0031 InvalidStepId Error,
    LL0032 InvalidEnvName Error,
    LL0033 InvalidName Error,
    LL0034 NoSteps Error,
    LL0035 TooManySteps Error,
    LL0036 TooMuchForEachStep Error,
    LL0037 LoaderVariable Error,
    LL0038 IdTaken Error,
    // What a step does.
    LL0040 NoKind Error,
    LL0041 SeveralKinds Error,
    LL0042 InvalidUrl Error,
    LL0043 InvalidMethod Error,
    LL0044 InvalidHeader Error,
    LL0045 InvalidStatus Error,
    LL0046 InvalidApprover Error,
    LL0047 QuorumOutOfReach Error,
    LL0048 WaitsForEver Warning,
    LL0049 InvalidRetryKind Error,
    LL0050 InvalidSchema Error,
    LL0051 DefaultDoesNotFit Error,
    LL0052 UnusedInput Hint,
    LL0053 InvalidPath Error,
    LL0054 InvalidSize Error,
    LL0055 InvalidSchedule Error,
    LL0056 UnknownTimeZone Error,
    LL0057 UnknownArtifact Error,
    LL0058 InvalidImage Error,
    LL0059 InvalidPort Error,
    // Forward edges.
    LL0060 NeedsCycle Error,
    LL0061 NeedsItself Error,
    LL0062 DuplicateNeed Error,
    LL0063 JoinOutOfReach Error,
    LL0064 NeverGoesOn Warning,
    LL0065 GateCanBePassed Warning,
    LL0066 GreenWithSkippedSteps Warning,
    // Loop edges.
    LL0070 GotoLeadsForward Error,
    LL0071 GotoWithoutMax Error,
    LL0072 UnlimitedWithoutWait Error,
    LL0073 GotoNeverFires Warning,
    LL0074 GotoNeverReached Warning,
    // Expressions and templates.
    LL0080 InvalidExpression Error,
    LL0081 InvalidTemplate Error,
    LL0082 UnsafeHole Error,
    LL0083 UnknownName Error,
    LL0084 UnknownInput Error,
    LL0085 UnknownEnv Error,
    LL0086 StepIsNotBefore Error,
    LL0087 OutputIsNotSure Error,
    LL0088 UnknownOutput Error,
    LL0089 UndeclaredOutput Hint,
    LL0090 PreviousIsNotSure Error,
    LL0091 PreviousOutsideRegion Error,
    LL0092 SecretOutOfPlace Error,
    LL0093 UnknownSecret Error,
    LL0094 ConditionIsNotBool Error,
    LL0095 ConstantCondition Warning,
    LL0096 UnknownField Error,
    LL0097 NameNotKnownHere Error,
    LL0098 DynamicName Error,
    LL0099 HoleInCacheKey Error,
    // The compiler itself.
    LL0100 TooManyFindings Hint,
    // The folder that holds the file. Found by who reads it, never by the compiler.
    LL0110 PipelineNameTaken Error,
    LL0111 UnreadableFile Error,
    // Types of expressions.
    LL0120 TypeMismatch Error,
    LL0121 ComparisonIsConstant Warning,
    LL0122 UnknownComparedWord Warning,
    // What runs can come to.
    LL0130 EdgeNeverFires Warning,
    LL0131 ChoiceLeavesGap Warning,
    LL0132 BudgetBeyondLimit Warning,
    LL0133 BusyLoop Warning,
    LL0134 ReachUnknown Hint,
    LL0135 StarterIsNeeded Warning,
    // Many, inside, after.
    LL0140 UnknownChildInput Error,
    LL0141 MissingChildInput Error,
    LL0142 InputDoesNotFit Error,
    LL0143 UnknownStepType Error,
    LL0144 BrokenStepType Error,
    LL0145 UnknownPipeline Error,
    LL0146 TooManyItems Error,
    LL0147 NoItems Warning,
    LL0148 MatrixEntryFitsNothing Warning,
    LL0149 UntilIsNotBehind Error,
    // Secrets, requests, workers.
    LL0150 UnusedSecret Hint,
    LL0151 UnusedOutput Hint,
    LL0152 CredentialsInTheClear Warning,
    LL0153 HostFromValue Warning,
    LL0154 CertificateNotChecked Warning,
    LL0155 FilesNotShared Warning,
    // Triggers.
    LL0160 UnknownTriggeringPipeline Warning,
    LL0161 TriggersItself Warning,
    LL0162 TriggersInACircle Warning,
    // Tests of pipelines.
    LL0300 PipelineIsNotTested Error,
    LL0301 NoCases Error,
    LL0302 MockMakesNoSense Error,
    LL0303 MockDoesNotFit Error,
    LL0304 ActMakesNoSense Error,
    LL0305 NotAnApprover Error,
    LL0306 ExpectationCannotHold Error,
    // What cases come to. Found when they are run.
    LL0310 StepWithoutMock Error,
    LL0311 MockUsedUp Error,
    LL0312 ActNotAsExpected Error,
    LL0313 RunDoesNotEnd Error,
    LL0314 TooManyEvents Error,
    LL0315 ExpectationNotMet Error,
}

/// The page of a code (`LL0012`, in any case), or nothing where there is no such code.
pub fn explain(code: &str) -> Option<&'static str> {
    Code::ALL.iter().find(|known| known.as_str().eq_ignore_ascii_case(code.trim())).map(|known| known.page())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_ascend() {
        assert!(Code::ALL.windows(2).all(|pair| pair[0].as_str() < pair[1].as_str()));
    }

    #[test]
    fn explain_takes_any_case() {
        assert_eq!(explain("ll0012"), Some(Code::UnknownStep.page()));
        assert_eq!(explain("LL9999"), None);
    }
}
