package lint

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/fairway-k8s/fairway/internal/apiserver"
	"github.com/fairway-k8s/fairway/internal/apiserver/openapi"
	"github.com/fairway-k8s/fairway/internal/source"
)

// Versions returns the Kubernetes versions that manifests can be checked for, the oldest first.
func Versions() []string { return openapi.Versions() }

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
	if !slices.Contains(Versions(), m[1]) {
		return "", fmt.Errorf("version %s of Kubernetes is not known; manifests can be checked for %s", m[1], strings.Join(Versions(), ", "))
	}
	return m[1], nil
}

// newerFields says which fields of a built-in object came after the target version: its API server does not know them. Versions are
// compared by their published fields; values that came later are not seen.
func newerFields(root source.Node, apiVersion, kind, version string) []apiserver.Problem {
	if version == "" || version == apiserver.Linked {
		return nil
	}
	fields, err := openapi.FieldsOf(version)
	if err != nil || !fields.HasKind(apiVersion, kind) {
		return nil // that the kind is not served is said already
	}
	var out []apiserver.Problem
	budget := 100_000 // nodes; an object with aliases that multiply is refused elsewhere
	var walk func(n source.Node, path source.Path)
	walk = func(n source.Node, path source.Path) {
		if budget--; budget < 0 {
			return
		}
		n = n.Resolve()
		for e := range n.Entries() {
			at := append(slices.Clip(path), source.Step{Key: e.Key.Text()})
			if fields.HasPath(apiVersion, kind, at) {
				walk(e.Value, at)
				continue
			}
			field := at.String()
			if since, ok := fields.Since(apiVersion, kind, field); ok {
				out = append(out, apiserver.Problem{Rule: apiserver.UnknownField, Field: field, Node: e.Key,
					Message: fmt.Sprintf("%s is a field since Kubernetes %s; an API server of %s does not know it", e.Key.Text(), since, version)})
			}
		}
		for i, item := range n.Items() {
			walk(item, append(slices.Clip(path), source.Step{Index: i}))
		}
	}
	walk(root, nil)
	return out
}
