// Package admit says what an API server would make of an object under a ValidatingAdmissionPolicy: it evaluates policies with the API
// server's own library (k8s.io/apiserver, pkg/admission/plugin/cel), in the environment of its expressions and with its limits.
//
// Compile a policy once and ask it many times; a compiled policy is safe for concurrent use. What the library does for the matching of
// requests (namespaces, resource rules) is the caller's part: the policy is asked about what is given.
package admit

import (
	"context"
	"fmt"
	"strings"
	"sync"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/cel"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/cel/environment"

	celgo "github.com/google/cel-go/cel"
)

// environmentOf is made when the first policy is compiled: it takes some 10 ms, which verbs without policies do not pay.
var environmentOf = sync.OnceValue(func() *environment.EnvSet {
	return environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion())
})

// Fault is what the compiler says of an expression.
type Fault struct {
	Field string // spec.validations[0].expression
	Text  string // in the compiler's words, with a caret below the place
}

// Faults are all faults of a policy.
type Faults []Fault

func (f Faults) Error() string {
	all := make([]string, len(f))
	for i, x := range f {
		all[i] = x.Field + ": " + x.Text
	}
	return strings.Join(all, "\n")
}

// Policy is a compiled policy.
type Policy struct {
	conditions, validations, messages cel.ConditionEvaluator
	spec                              *admissionv1.ValidatingAdmissionPolicySpec
}

// expression is one expression as the library wants it.
type expression struct {
	text, name string
	types      []*celgo.Type
}

func (e *expression) GetExpression() string      { return e.text }
func (e *expression) ReturnTypes() []*celgo.Type { return e.types }
func (e *expression) GetName() string            { return e.name }

// Compile compiles a policy. The error is Faults when expressions are not valid.
func Compile(p *admissionv1.ValidatingAdmissionPolicy) (*Policy, error) {
	compiler, err := cel.NewCompositedCompiler(environmentOf())
	if err != nil {
		return nil, fmt.Errorf("prepare the environment of expressions: %w", err)
	}
	vars := cel.OptionalVariableDeclarations{HasParams: p.Spec.ParamKind != nil}
	var faults Faults
	check := func(field string, e cel.ExpressionAccessor, mode environment.Type) {
		if r := compiler.CompileCELExpression(e, vars, mode); r.Error != nil {
			faults = append(faults, Fault{field, r.Error.Detail})
		}
	}
	boolean := []*celgo.Type{celgo.BoolType}
	out := &Policy{spec: &p.Spec}
	var conditions []cel.ExpressionAccessor
	for i, c := range p.Spec.MatchConditions {
		e := &expression{c.Expression, c.Name, boolean}
		check(fmt.Sprintf("spec.matchConditions[%d].expression", i), e, environment.NewExpressions)
		conditions = append(conditions, e)
	}
	for i, v := range p.Spec.Variables {
		e := &expression{v.Expression, v.Name, []*celgo.Type{celgo.AnyType, celgo.DynType}}
		if r := compiler.CompileAndStoreVariable(e, vars, environment.NewExpressions); r.Error != nil {
			faults = append(faults, Fault{fmt.Sprintf("spec.variables[%d].expression", i), r.Error.Detail})
		}
	}
	var validations, messages []cel.ExpressionAccessor
	for i, v := range p.Spec.Validations {
		e := &expression{text: v.Expression, types: boolean}
		check(fmt.Sprintf("spec.validations[%d].expression", i), e, environment.NewExpressions)
		validations = append(validations, e)
		var m cel.ExpressionAccessor
		if v.MessageExpression != "" {
			m = &expression{text: v.MessageExpression, types: []*celgo.Type{celgo.StringType}}
			check(fmt.Sprintf("spec.validations[%d].messageExpression", i), m, environment.NewExpressions)
		}
		messages = append(messages, m)
	}
	if len(faults) > 0 {
		return nil, faults
	}
	if len(conditions) > 0 {
		out.conditions = compiler.CompileCondition(conditions, vars, environment.StoredExpressions)
	}
	out.validations = compiler.CompileCondition(validations, vars, environment.StoredExpressions)
	out.messages = compiler.CompileCondition(messages, vars, environment.StoredExpressions)
	return out, nil
}

// Request is what a policy is asked about.
type Request struct {
	Object, Old map[string]any // Old is nil for a new object
	Resource    schema.GroupVersionResource
	Params      *corev1.ConfigMap // nil for policies without parameters
}

// Verdict is the answer of a policy.
type Verdict struct {
	Matched bool // no match condition took the object out
	Denied  bool
	Message string // why it was denied
}

// Judge evaluates the policy. The error is that of an expression, which an API server takes as failurePolicy says.
func (p *Policy) Judge(ctx context.Context, r Request) (Verdict, error) {
	object := &unstructured.Unstructured{Object: r.Object}
	var old runtime.Object
	op := admission.Create
	if r.Old != nil {
		old, op = &unstructured.Unstructured{Object: r.Old}, admission.Update
	}
	gvk := object.GroupVersionKind()
	record := admission.NewAttributesRecord(object, old, gvk, object.GetNamespace(), object.GetName(), r.Resource, "", op, nil, true, &user.DefaultInfo{})
	versioned := &admission.VersionedAttributes{Attributes: record, VersionedKind: gvk, VersionedObject: object, VersionedOldObject: old}
	request := cel.CreateAdmissionRequest(versioned.Attributes, metav1.GroupVersionResource(r.Resource), metav1.GroupVersionKind(gvk))
	bindings := cel.OptionalVariableBindings{}
	if p.spec.ParamKind != nil {
		params := r.Params
		if params == nil {
			params = &corev1.ConfigMap{}
		}
		bindings.VersionedParams = params
	}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: object.GetNamespace()}}
	eval := func(e cel.ConditionEvaluator) ([]cel.EvaluationResult, error) {
		results, _, err := e.ForInput(ctx, versioned, request, bindings, namespace, celconfig.RuntimeCELCostBudget)
		return results, err
	}
	if p.conditions != nil {
		results, err := eval(p.conditions)
		if err != nil {
			return Verdict{}, err
		}
		for _, c := range results {
			if c.Error != nil {
				return Verdict{}, c.Error
			}
			if c.EvalResult.Value() != true {
				return Verdict{}, nil
			}
		}
	}
	out := Verdict{Matched: true}
	results, err := eval(p.validations)
	if err != nil {
		return out, err
	}
	for i, v := range results {
		if v.Error != nil {
			return out, v.Error
		}
		if v.EvalResult.Value() == true {
			continue
		}
		out.Denied, out.Message = true, p.spec.Validations[i].Message
		said, err := eval(p.messages)
		if err != nil {
			return out, err
		}
		if said[i].Error != nil {
			return out, said[i].Error
		}
		if text, ok := said[i].EvalResult.Value().(string); ok {
			out.Message = text
		}
		return out, nil
	}
	return out, nil
}
