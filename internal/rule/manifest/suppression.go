package manifest

import (
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// The fixes of these rules are for annotations: a comment belongs to no field that could be changed.

// suppressionExpired mends by taking away what nobody needs any more. What still covers something is to be renewed or mended.
var suppressionExpired = &rule.Rule{
	ID:       "suppression-expired",
	Title:    "a suppression or exemption has ended",
	Why:      "Somebody decided that the exception should hold until a day, and that day has come. The findings count again.",
	How:      "Mend what it covered, or renew it with a new day and a reason that still holds.",
	Severity: finding.Should, Profile: rule.Basic, Since: "0.1.0", External: true, Fixes: true,
}

// suppressionUnused is silent about rules that need other objects, which may be silent because those are not in the input, and about
// what the API server says, which depends on its version.
var suppressionUnused = &rule.Rule{
	ID:       "suppression-unused",
	Title:    "a suppression covers nothing any more",
	Why:      "What it covered is mended. Left in place it would hide the next one.",
	How:      "Remove the comment or annotation.",
	Severity: finding.Could, Profile: rule.Golden, Since: "0.1.0", External: true, Fixes: true,
}

// suppressionInvalid corrects a misspelt rule when that rule fires here: then it is what was meant.
var suppressionInvalid = &rule.Rule{
	ID:       "suppression-invalid",
	Title:    "a suppression is not honoured",
	Why:      "It names a rule that does not exist, has a day that is none or stands elsewhere than last, or gives no reason. An exception without a reason cannot be reviewed later.",
	How:      "Write the rule's ID, then the reason, then, if it should end, until and a day.",
	Example:  "# fairway:allow host-network it measures the host's own network until 2027-03-01\nhostNetwork: true\n",
	Severity: finding.Should, Profile: rule.Basic, Since: "0.1.0", External: true, Fixes: true,
}
