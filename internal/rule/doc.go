// Package rule is the frame that lint rules live in: what a rule is, how rules run over a snapshot, and what a user's policy may
// change about them.
//
// # Words
//
//	rule         one check: its metadata, and a function that finds
//	family       a package of rules about one subject (rule/probes, rule/images ...)
//	profile      a named set of rules: basic is part of golden, golden of strict; contested rules are in none
//	policy       the user's choices: severities, parameters, exemptions
//	suppression  "not here": a comment or an annotation beside the object, with a reason and, if wanted, an end
//
// # How a rule looks
//
// One file per rule, named after it, that holds everything about it:
//
//	var timeoutExceedsPeriod = &rule.Rule{
//		ID:       "probe-timeout-exceeds-period",
//		Title:    "a probe may still wait when its next turn is due",
//		Why:      "...",
//		How:      "...",
//		Severity: finding.Should,
//		Profile:  rule.Golden,
//		Since:    "0.1.0",
//		Workload: func(p *rule.Pass, w *cluster.Workload) { ... p.Report(w.Object, field, "...") ... },
//	}
//
// A rule has exactly one of Object, Workload, Container and Snapshot. Rules see objects as the API server does after defaulting
// (cluster.Object.Typed, cluster.Workload); what the manifest itself says is asked with Object.Has and Object.Written. A rule that
// needs another object which may exist outside the input calls Pass.Unknown instead of guessing (cluster.Snapshot.Covers).
//
// Rules are pure: they do not keep state between calls, and the same snapshot gives the same findings.
package rule
