package admit_test

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/gate"
	"github.com/fairway-k8s/fairway/internal/gate/admit"
)

var containerField = regexp.MustCompile(`(initContainers|containers)\[(\d+)\]`)

// judged is what a rule says: "" when it is silent, the names of the containers for a rule that is asked about each, and "fires" for others.
func judged(e *gate.Entry, findings []*finding.Finding, object map[string]any) string {
	var names []string
	fires := false
	for _, f := range findings {
		if f.Rule != e.ID {
			continue
		}
		fires = true
		if m := containerField.FindStringSubmatch(f.Field); m != nil && e.Rule.Container != nil {
			i, _ := strconv.Atoi(m[2])
			names = append(names, containers(object, m[1])[i].(map[string]any)["name"].(string))
		}
	}
	return verdict(fires, names)
}

var inMessage = regexp.MustCompile(` \(container ([^)]*)\)\. `)

// denied is what a twin says, in the same form.
func denied(e *gate.Entry, v admit.Verdict) string {
	var names []string
	if m := inMessage.FindStringSubmatch(v.Message); m != nil && e.Rule.Container != nil {
		names = strings.Split(m[1], ", ")
	}
	return verdict(v.Denied, names)
}

func verdict(fires bool, names []string) string {
	slices.Sort(names)
	switch {
	case !fires:
		return ""
	case len(names) == 0:
		return "fires"
	}
	return strings.Join(slices.Compact(names), ", ")
}

// containers returns a list of containers of an object that makes pods.
func containers(object map[string]any, list string) []any {
	spec := object["spec"].(map[string]any)
	for _, key := range []string{"jobTemplate", "template"} {
		if inner, ok := spec[key].(map[string]any); ok {
			spec = inner["spec"].(map[string]any)
			if again, ok := spec["template"].(map[string]any); ok {
				spec = again["spec"].(map[string]any)
			}
		}
	}
	return spec[list].([]any)
}

// more is what v finds that was does not, in the form of denied.
func more(e *gate.Entry, v, was admit.Verdict) string {
	var names []string
	for _, n := range namesIn(v) {
		if !slices.Contains(namesIn(was), n) {
			names = append(names, n)
		}
	}
	switch {
	case !v.Denied || was.Denied && len(names) == 0:
		return ""
	case e.Rule.Container == nil:
		return "fires"
	}
	return verdict(true, names)
}

func namesIn(v admit.Verdict) []string {
	if m := inMessage.FindStringSubmatch(v.Message); m != nil {
		return strings.Split(m[1], ", ")
	}
	return nil
}

// owned reports whether the object says that a controller made it.
func owned(object map[string]any) bool {
	for _, r := range (&unstructured.Unstructured{Object: object}).GetOwnerReferences() {
		if r.Controller != nil && *r.Controller {
			return true
		}
	}
	return false
}
