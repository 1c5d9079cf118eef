// Package knowledge is the web of records that explain each other: rules, the incidents that motivated them, and the defaults
// of the golden path that they guard.
//
// # Words
//
//	record     an incident, a default or a rule, named by an ID that is unique among all of them
//	incident   what happened once, why, and what changed: content/incidents/ID.md
//	default    one decision of a golden path: content/defaults/ID.yaml
//	neighbour  a record that names this one, or that this one names
//
// Records are read strictly (an unknown field is an error) and the web is checked: no ID twice, none dangling, no default
// without a rule that guards it.
package knowledge
