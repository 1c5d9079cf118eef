package gatecases

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/fairway-k8s/fairway/internal/apiserver"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/gate"
	"github.com/fairway-k8s/fairway/internal/lint"
	"github.com/fairway-k8s/fairway/internal/load"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/rule/catalogue"
)

// Today is the day on which the gate is tested.
var Today = time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)

// Everything is a policy under which the gate does one thing about every rule that has a twin.
func Everything(action string) *rule.Policy {
	p := &rule.Policy{Rules: map[string]rule.RulePolicy{}, Gate: &rule.GatePolicy{Action: action}}
	for _, r := range catalogue.New().Rules {
		if r.Gate != nil {
			p.Rules[r.ID] = rule.RulePolicy{}
		}
	}
	return p
}

// Subject is an object as the API server holds it after defaulting, with what the rules in Go say of it.
type Subject struct {
	Case
	Kind     string
	Object   map[string]any
	Findings []*finding.Finding
}

// Subjects makes subjects of cases, less those that an API server refuses.
func Subjects(plan *gate.Plan, cases []Case) (out []Subject, refused int, err error) {
	var ids []string
	for _, e := range plan.Entries {
		ids = append(ids, e.ID)
	}
	o := lint.Options{Catalogue: catalogue.New(), Policy: Everything(gate.Deny), Only: ids, Now: Today, Undecided: true}
	for _, c := range cases {
		in := load.Strings(map[string]string{c.Name + ".yaml": c.Text})
		for _, tree := range in.Objects {
			r := apiserver.Check(tree.Root, apiserver.Options{})
			if r.Object == nil || slices.ContainsFunc(r.Problems, func(p apiserver.Problem) bool { return p.Rule != apiserver.Deprecated }) {
				refused++
				continue
			}
			object, err := runtime.DefaultUnstructuredConverter.ToUnstructured(r.Object)
			if err != nil {
				return nil, 0, fmt.Errorf("%s: %w", c.Name, err)
			}
			object["apiVersion"], object["kind"] = tree.APIVersion, tree.Kind
			result, err := lint.Check(&load.Input{Objects: []load.Tree{tree}, Files: in.Files}, o)
			if err != nil {
				return nil, 0, fmt.Errorf("%s: %w", c.Name, err)
			}
			out = append(out, Subject{c, tree.Kind, object, result.Findings})
		}
	}
	return out, refused, nil
}

// Owned reports whether a controller made the object.
func (s *Subject) Owned() bool {
	for _, r := range (&unstructured.Unstructured{Object: s.Object}).GetOwnerReferences() {
		if r.Controller != nil && *r.Controller {
			return true
		}
	}
	return false
}

var containerField = regexp.MustCompile(`(initContainers|containers)\[(\d+)\]`)

// Judged is what a rule says of a subject: "" when it is silent, the names of the containers for a rule that is asked about each, and
// "fires" for others.
func (s *Subject) Judged(e *gate.Entry) string {
	var names []string
	fires := false
	for _, f := range s.Findings {
		if f.Rule != e.ID {
			continue
		}
		fires = true
		if m := containerField.FindStringSubmatch(f.Field); m != nil && e.Rule.Container != nil {
			i, _ := strconv.Atoi(m[2])
			names = append(names, containers(s.Object, m[1])[i].(map[string]any)["name"].(string))
		}
	}
	return verdict(fires, names)
}

var inMessage = regexp.MustCompile(` \(container ([^)]*)\)\. `)

// Denied is what a twin says, in the form of Judged, read from the message with which it denies; "" is no denial.
func Denied(e *gate.Entry, message string) string {
	if e.Rule.Container == nil {
		return verdict(message != "", nil)
	}
	return verdict(message != "", Names(message))
}

// Names are the containers that a message names.
func Names(message string) []string {
	if m := inMessage.FindStringSubmatch(message); m != nil {
		return strings.Split(m[1], ", ")
	}
	return nil
}

// Added is, in the form of Judged, what a message says that the one about the object before does not. What a worse fault of a container hid
// from the rule was there already.
func Added(plan *gate.Plan, e *gate.Entry, message, earlier string, before *Subject) string {
	var names []string
	hidden := hidden(plan, e, before)
	for _, n := range Names(message) {
		if !slices.Contains(Names(earlier), n) && !slices.Contains(hidden, n) {
			names = append(names, n)
		}
	}
	switch {
	case message == "" || (earlier != "" || len(hidden) > 0) && len(names) == 0:
		return ""
	case e.Rule.Container == nil:
		return "fires"
	}
	return verdict(true, names)
}

// hidden are the containers of an object of which a rule is silent because they have a worse fault.
func hidden(plan *gate.Plan, e *gate.Entry, before *Subject) (names []string) {
	switch by := e.Rule.Gate.Outdone; {
	case by == nil:
		return nil
	case by.By != "privileged-container": // which has exceptions; what it hides has none
		return strings.Split(before.Judged(plan.Entry(by.By)), ", ")
	}
	object := before.Object
	spec := object["spec"].(map[string]any)
	if job, ok := spec["jobTemplate"].(map[string]any); ok {
		spec = job["spec"].(map[string]any)
	}
	if template, ok := spec["template"].(map[string]any); ok {
		spec = template["spec"].(map[string]any)
	}
	for _, list := range []string{"initContainers", "containers"} {
		containers, _ := spec[list].([]any)
		for _, c := range containers {
			security, _ := c.(map[string]any)["securityContext"].(map[string]any)
			if security["privileged"] == true {
				names = append(names, c.(map[string]any)["name"].(string))
			}
		}
	}
	return names
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
