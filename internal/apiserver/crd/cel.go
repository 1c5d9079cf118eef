package crd

import (
	"cmp"
	"context"
	"regexp"
	"strings"
	"sync"

	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"

	"github.com/fairway-k8s/fairway/internal/apiserver"
)

// rules runs the CEL rules of a schema like the cel.Validator of the API server, but compiles the rules of a node when an object
// first has something there. It holds the branches of the schema that lead to rules.
type rules struct {
	properties map[string]*rules
	items      *rules // of a list, or the values of a mapping with free keys

	node *structuralschema.Structural // with rules at this node and none below; nil when there are none here
	root bool                         // the node is a whole object: rules may use its apiVersion, kind and metadata

	once      sync.Once
	validator *cel.Validator
}

// rulesOf returns the rules of a schema, nil when there are none. bare is the schema without its rules; root is true for a whole
// object. Rules inside an allOf run where the node has rules of its own; elsewhere they do not (no schema is known that has such).
func rulesOf(s, bare *structuralschema.Structural, root bool, shared []*shape) *rules {
	if m := marked(s.Title, shared); m != nil {
		return m.rules
	}
	r := &rules{root: root}
	for name := range s.Properties {
		p, q := s.Properties[name], bare.Properties[name]
		if sub := rulesOf(&p, &q, p.XEmbeddedResource, shared); sub != nil {
			if r.properties == nil {
				r.properties = map[string]*rules{}
			}
			r.properties[name] = sub
		}
	}
	if s.Items != nil {
		r.items = rulesOf(s.Items, bare.Items, s.Items.XEmbeddedResource, shared)
	} else if a := s.AdditionalProperties; a != nil && a.Structural != nil {
		r.items = rulesOf(a.Structural, bare.AdditionalProperties.Structural, a.Structural.XEmbeddedResource, shared)
	}
	if len(s.XValidations) > 0 {
		node := *bare
		node.XValidations, node.ValueValidation = s.XValidations, s.ValueValidation
		r.node = &node
	}
	if r.node == nil && r.items == nil && r.properties == nil {
		return nil
	}
	return r
}

// hasRules reports whether s has rules, or something in it.
func hasRules(s *structuralschema.Structural) bool {
	if len(s.XValidations) > 0 {
		return true
	}
	for name := range s.Properties {
		if p := s.Properties[name]; hasRules(&p) {
			return true
		}
	}
	a := s.AdditionalProperties
	return s.Items != nil && hasRules(s.Items) || a != nil && a.Structural != nil && hasRules(a.Structural)
}

// withoutRules returns a copy of s that has no rules. The rest stays, as rules are type-checked against it.
func withoutRules(s *structuralschema.Structural) *structuralschema.Structural {
	out := *s
	out.XValidations = nil
	if v := s.ValueValidation; v != nil && len(v.AllOf) > 0 {
		w := *v
		w.AllOf = nil
		out.ValueValidation = &w
	}
	if s.Items != nil {
		out.Items = withoutRules(s.Items)
	}
	if s.Properties != nil {
		out.Properties = make(map[string]structuralschema.Structural, len(s.Properties))
		for name, p := range s.Properties {
			out.Properties[name] = *withoutRules(&p)
		}
	}
	if a := s.AdditionalProperties; a != nil && a.Structural != nil {
		out.AdditionalProperties = &structuralschema.StructuralOrBool{Structural: withoutRules(a.Structural), Bool: a.Bool}
	}
	return &out
}

// literal matches the texts in a rule.
var literal = regexp.MustCompile(`"[^"]*"|'[^']*'`)

// endless reports whether a rule of the node reads a number that Kubernetes' code would take for ever to read. The budget is no help:
// it counts the call, not how long it takes.
func (r *rules) endless() bool {
	for _, v := range r.node.XValidations {
		for _, text := range literal.FindAllString(v.Rule+v.MessageExpression, -1) {
			if apiserver.Endless(strings.Trim(text, `"'`)) {
				return true
			}
		}
	}
	return false
}

// endlessIn returns such a number from a value, "" when there is none.
func endlessIn(value any) string {
	switch value := value.(type) {
	case string:
		if apiserver.Endless(value) {
			return value
		}
	case map[string]any:
		for key, v := range value {
			if found := cmp.Or(endlessIn(key), endlessIn(v)); found != "" {
				return found
			}
		}
	case []any:
		for _, v := range value {
			if found := endlessIn(v); found != "" {
				return found
			}
		}
	}
	return ""
}

// check runs the rules on a value. budget is what rules may cost for the whole object; it is negative when it is used up.
func (r *rules) check(ctx context.Context, path *field.Path, value any, budget int64) (field.ErrorList, int64) {
	if r == nil || value == nil {
		return nil, budget
	}
	var errs field.ErrorList
	if r.node != nil {
		r.once.Do(func() {
			if !r.endless() {
				r.validator = cel.NewValidator(r.node, r.root, celconfig.PerCallLimit)
			}
		})
		if r.validator != nil {
			errs, budget = r.validator.Validate(ctx, path, nil, value, nil, budget)
		}
	}
	each := func(sub *rules, path *field.Path, value any) {
		if budget >= 0 {
			var more field.ErrorList
			more, budget = sub.check(ctx, path, value, budget)
			errs = append(errs, more...)
		}
	}
	switch value := value.(type) {
	case map[string]any:
		for _, key := range sortedKeys(value) {
			if sub, ok := r.properties[key]; ok {
				each(sub, path.Child(key), value[key])
			} else if r.items != nil {
				each(r.items, path.Key(key), value[key])
			}
		}
	case []any:
		for i := range value {
			each(r.items, path.Index(i), value[i])
		}
	}
	return errs, budget
}
