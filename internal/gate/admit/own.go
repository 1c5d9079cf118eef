package admit

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/gate"
	"github.com/fairway-k8s/fairway/internal/problem"
	"github.com/fairway-k8s/fairway/internal/rule"
)

var inputLine = regexp.MustCompile(`<input>:(\d+):`)

// CheckOwn compiles the rules of an organisation's own. The error is a problem that names the line of the policy file and says what the
// compiler says.
func CheckOwn(plan *gate.Plan, file string) error {
	for _, e := range plan.Entries {
		if e.Own == nil {
			continue
		}
		if err := checkOwn(e, file); err != nil {
			return err
		}
	}
	return nil
}

func checkOwn(e *gate.Entry, file string) error {
	variables, expression, message := e.OwnExpressions()
	p := &admissionv1.ValidatingAdmissionPolicy{Spec: admissionv1.ValidatingAdmissionPolicySpec{Variables: variables,
		Validations: []admissionv1.Validation{{Expression: expression, MessageExpression: message}}}}
	_, err := Compile(p)
	var faults Faults
	if !errors.As(err, &faults) {
		return err
	}
	f := faults[0]
	part, line := "expression", e.Own.ExpressionLine
	if strings.HasSuffix(f.Field, "messageExpression") {
		part, line = "message", e.Own.MessageLine
	}
	if m := inputLine.FindStringSubmatch(f.Text); m != nil {
		n, _ := strconv.Atoi(m[1])
		line += n - 1
	}
	return &problem.Problem{What: fmt.Sprintf("the %s of the rule %s is not valid", part, e.ID), Where: fmt.Sprintf("%s:%d", file, line),
		Why: strings.TrimPrefix(f.Text, "compilation failed: "), Next: "correct it; it is CEL as in a ValidatingAdmissionPolicy, true for what is right", Err: err}
}

// Own evaluates the rules of an organisation's own for the objects of a snapshot, as an API server would: through the policies that they are
// exported as. An object for which an expression has no answer is a failure.
func Own(ctx context.Context, plan *gate.Plan, s *cluster.Snapshot) (findings []*finding.Finding, failures []finding.Failure, err error) {
	for _, e := range plan.Entries {
		if e.Own == nil {
			continue
		}
		p, err := Compile(plan.Install(e).Policy)
		if err != nil {
			return nil, nil, err
		}
		for _, o := range s.Objects {
			if judged, _ := plan.Judges(e, o); !judged || o.Typed == nil {
				continue
			}
			r, err := request(o)
			if err != nil {
				return nil, nil, err
			}
			root, place := rule.Locate(o, "kind")
			v, err := p.Judge(ctx, r)
			switch {
			case err != nil:
				failures = append(failures, finding.Failure{Place: place, Message: fmt.Sprintf("the rule %s has no answer for %s: %s", e.ID, o.Ref, why(err)),
					Hint: "guard fields that may be absent with has() or .?field.orValue(...)"})
			case v.Denied:
				findings = append(findings, &finding.Finding{Rule: e.ID, Severity: e.Severity, Object: o.Ref, Workload: o.Ref, Root: root, Place: place,
					Field: "kind", Message: e.Said(v.Message)})
			}
		}
	}
	return findings, failures, nil
}

// why is the part of an error of evaluation that its reader can do something about.
func why(err error) string {
	_, last, ok := strings.Cut(err.Error(), "fails to evaluate: ")
	if !ok {
		return err.Error()
	}
	return last
}

// request makes of an object in a snapshot the request that creates it.
func request(o *cluster.Object) (Request, error) {
	object, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o.Typed)
	if err != nil {
		return Request{}, fmt.Errorf("%s as an API server has it: %w", o.Ref, err)
	}
	group, version, plural, _ := gate.Resource(o.Kind)
	gv := schema.GroupVersion{Group: group, Version: version}
	object["apiVersion"], object["kind"] = gv.String(), o.Kind
	return Request{Object: object, Resource: gv.WithResource(plural)}, nil
}
