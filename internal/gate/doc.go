// Package gate makes rules hold in the API server itself: as ValidatingAdmissionPolicies, with no webhook to run.
//
// # Words
//
//	twin        a rule's expression in CEL (rule.Gate), which means what the rule in Go means
//	action      what an API server does about a finding: audit (an annotation in its audit log), warn (a line in kubectl), deny
//	plan        what a policy file and the catalogue of rules make of each other: which rules, which action, which exemptions
//	exemption   what a plan lets pass, with an owner and an end; from the policy file, never from the object alone
//	debt        what broke a rule before it was judged: an update is judged by what it adds to it
//
// # What is judged
//
// An object as it comes in, after defaulting, on CREATE and UPDATE. Objects in system namespaces are not. Nor are objects that a
// controller makes from a template that was judged itself (the pods of a Deployment): denying those would not teach anybody, and would take
// down at the next drain what is running today. An update is denied only for what the object did not break before; deleting, scaling,
// status and finalizers always work.
//
// # What it leaves out
//
// Rules about several objects. Annotations and comments that suppress a rule in files: they are the author's word, and a gate that its
// author can open is none. See docs/gate.md.
package gate
