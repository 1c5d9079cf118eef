package lint

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Versions are the Kubernetes versions that manifests can be checked for, the oldest first.
var Versions = []string{"1.33", "1.34", "1.35", "1.36"}

var versionPattern = regexp.MustCompile(`^v?(\d+\.\d+)(?:\.\d+)?$`)

// ParseVersion returns the minor version that v names (1.34, v1.34 and v1.34.2 are 1.34), "" for "". Versions that are not known
// are refused.
func ParseVersion(v string) (string, error) {
	if v == "" {
		return "", nil
	}
	m := versionPattern.FindStringSubmatch(v)
	if m == nil {
		return "", fmt.Errorf("%q is not a version such as 1.34", v)
	}
	if !slices.Contains(Versions, m[1]) {
		return "", fmt.Errorf("version %s of Kubernetes is not known; manifests can be checked for %s", m[1], strings.Join(Versions, ", "))
	}
	return m[1], nil
}
