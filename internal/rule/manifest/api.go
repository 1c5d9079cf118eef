package manifest

import (
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

const (
	linkFields     = "https://kubernetes.io/docs/reference/using-api/api-concepts/#field-validation"
	linkDeprecated = "https://kubernetes.io/docs/reference/using-api/deprecation-guide/"
	linkObjects    = "https://kubernetes.io/docs/concepts/overview/working-with-objects/"
)

var apiUnknownField = &rule.Rule{
	ID:    "api-unknown-field",
	Title: "the API has no such field",
	Why: "Strict clients refuse the object; others drop the field without a word, and the setting that somebody meant never " +
		"takes effect. It is usually a typing error or a field one level too high or too low.",
	How:      "Use the field's name as the API spells it, at the level where it belongs, or remove it.",
	Severity: finding.Must, Profile: rule.Basic, Since: "0.1.0", Incident: "typo-ignored", External: true, Fixes: true,
	Links: []string{linkFields},
}

var apiWrongType = &rule.Rule{
	ID:       "api-wrong-type",
	Title:    "a value has the wrong type",
	Why:      "The API server cannot decode the object and refuses it as a whole.",
	How:      "Write the value as the type the field has: numbers and booleans without quotes, strings such as \"true\" or \"8080\" with them.",
	Example:  "replicas: 4\nenv:\n  - {name: PORT, value: \"8080\"}\n",
	Severity: finding.Must, Profile: rule.Basic, Since: "0.1.0", External: true, Fixes: true,
	Links: []string{linkObjects},
}

var apiRequiredMissing = &rule.Rule{
	ID:       "api-required-missing",
	Title:    "a required field is missing",
	Why:      "The API server refuses the object.",
	How:      "Add the field; the message names it.",
	Severity: finding.Must, Profile: rule.Basic, Since: "0.1.0", External: true, Fixes: true,
	Links: []string{linkObjects},
}

var apiInvalid = &rule.Rule{
	ID:       "api-invalid",
	Title:    "the API server refuses a value",
	Why:      "The object is well formed, but the API server's own validation refuses it, so applying it fails, often half-way through a release.",
	How:      "Change the value as the message says; it is the API server's own.",
	Severity: finding.Must, Profile: rule.Basic, Since: "0.1.0", Incident: "half-applied", External: true, Fixes: true,
	Links: []string{linkObjects},
}

var apiUnsupportedValue = &rule.Rule{
	ID:       "api-unsupported-value",
	Title:    "a value is none of those the field takes",
	Why:      "The API server refuses the object. Values are case-sensitive: always is not Always.",
	How:      "Use one of the values that the message lists.",
	Severity: finding.Must, Profile: rule.Basic, Since: "0.1.0", External: true, Fixes: true,
	Links: []string{linkObjects},
}

var apiRemoved = &rule.Rule{
	ID:       "api-removed",
	Title:    "the API version is no longer served",
	Why:      "A cluster of the target version does not know it: applying the manifest fails, and so does restoring from it.",
	How:      "Move to the API version that the message names. Fields can have moved as well; the deprecation guide lists them.",
	Severity: finding.Must, Profile: rule.Basic, Since: "0.1.0", Incident: "api-version-gone", External: true, Fixes: true,
	Links: []string{linkDeprecated},
}

var apiDeprecated = &rule.Rule{
	ID:       "api-deprecated",
	Title:    "the API version is deprecated",
	Why:      "It still works on the target version. Later ones stop serving it, or leave it behind: the message says what is known of that.",
	How:      "Move to the API version that the message names before that upgrade.",
	Severity: finding.Should, Profile: rule.Golden, Since: "0.1.0", Incident: "api-version-gone", External: true, Fixes: true,
	Links: []string{linkDeprecated},
}

var apiUnknownVersion = &rule.Rule{
	ID:       "api-unknown-version",
	Title:    "the kind does not exist in this API version",
	Why:      "No cluster of any version serves it under that name; applying the manifest fails.",
	How:      "Use the apiVersion that the message names for this kind.",
	Severity: finding.Must, Profile: rule.Basic, Since: "0.1.0", External: true, Fixes: true,
	Links: []string{linkDeprecated},
}

var apiUnknownKind = &rule.Rule{
	ID:       "api-unknown-kind",
	Title:    "the API group has no such kind",
	Why:      "The group is Kubernetes' own and has no kind of that name; applying the manifest fails.",
	How:      "Correct the kind; the message names the nearest one.",
	Severity: finding.Must, Profile: rule.Basic, Since: "0.1.0", Incident: "typo-ignored", External: true, Fixes: true,
	Links: []string{linkObjects},
}

var yamlDuplicateKey = &rule.Rule{
	ID:    "yaml-duplicate-key",
	Title: "a key is there twice in one mapping",
	Why: "Only the last one takes effect; everything under the first is dropped without a word. Whoever edits the first one " +
		"changes nothing.",
	How:      "Merge the two, or remove the one that is not meant.",
	Severity: finding.Must, Profile: rule.Basic, Since: "0.1.0", Incident: "last-one-wins", External: true, Fixes: true,
	Links: []string{"https://yaml.org/spec/1.2.2/#3213-node-comparison"},
}
