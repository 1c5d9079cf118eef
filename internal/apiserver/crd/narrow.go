package crd

import (
	"fmt"
	"regexp"
	"sync"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	celmodel "k8s.io/apiserver/pkg/cel"
	kjson "sigs.k8s.io/json"

	"github.com/fairway-k8s/fairway/internal/source"
)

// part is the part of a schema in which the objects so far have something: the API server's code wants a schema in several forms, and making
// them of all of a large schema costs more than checking the objects of a repository. What an object has nothing in cannot count, except
// where a default puts something there.
type part struct {
	schema  *apiextensionsv1.JSONSchemaProps // never a reference
	fields  map[string]*part                 // of schema.Properties
	values  *part                            // of schema.Items or schema.AdditionalProperties; nil when there are none so far
	rules   *rules                           // of what the part was when it had size parts; nil when the schema has none here
	size    int
	ruled   bool // there are rules here or below
	whole   bool // an object with apiVersion, kind and metadata
	once    sync.Once
	pattern *regexp.Regexp // of schema.Pattern, after once

	opened bool // a mapping was here: the defaults of its fields are in
}

// newPart returns the part of a schema that a nameless, empty value has something in. whole says that the value is an object with apiVersion,
// kind and metadata.
func (l *library) newPart(s *apiextensionsv1.JSONSchemaProps, whole bool) *part {
	s = l.resolve(s)
	p := &part{schema: s, whole: whole || s.XEmbeddedResource}
	if s.Default != nil {
		var value any
		if err := kjson.UnmarshalCaseSensitivePreserveInts(s.Default.Raw, &value); err == nil {
			l.grow(p, value)
		}
	}
	return p
}

// below returns the schema of the values of a list, or of a mapping with free keys, nil when there is none.
func below(s *apiextensionsv1.JSONSchemaProps) *apiextensionsv1.JSONSchemaProps {
	switch {
	case s.Items != nil:
		return s.Items.Schema
	case s.AdditionalProperties != nil:
		return s.AdditionalProperties.Schema
	}
	return nil
}

// open takes in the defaults of a mapping's fields.
func (l *library) open(p *part) {
	if p.opened {
		return
	}
	p.opened = true
	for name, s := range p.schema.Properties {
		if l.resolve(&s).Default != nil {
			l.field(p, name)
		}
	}
}

// field returns the part for a field of a mapping, nil when the schema says nothing of it.
func (l *library) field(p *part, name string) *part {
	if sub := p.fields[name]; sub != nil {
		return sub
	}
	s, fixed := p.schema.Properties[name]
	if !fixed {
		return l.inside(p)
	}
	sub := l.newPart(&s, false)
	if p.fields == nil {
		p.fields = map[string]*part{}
	}
	p.fields[name] = sub
	return sub
}

// inside returns the part for the values of a list or of a mapping with free keys, nil when the schema says nothing of them.
func (l *library) inside(p *part) *part {
	if s := below(p.schema); s != nil && p.values == nil {
		p.values = l.newPart(s, false)
	}
	return p.values
}

// grow takes in what a value has something in.
func (l *library) grow(p *part, value any) {
	switch value := value.(type) {
	case map[string]any:
		l.open(p)
		for name, v := range value {
			if sub := l.field(p, name); sub != nil {
				l.grow(sub, v)
			}
		}
	case []any:
		for _, v := range value {
			if sub := l.inside(p); sub != nil {
				l.grow(sub, v)
			}
		}
	}
}

// expect takes in what a value has something in, as it is written; nearly, as merge keys are not followed.
func (l *library) expect(p *part, n source.Node, budget *int) {
	if *budget--; *budget < 0 {
		return // aliases of aliases
	}
	switch n = n.Resolve(); n.Kind() {
	case source.Mapping:
		l.open(p)
		for e := range n.Entries() {
			if sub := l.field(p, e.Key.Text()); sub != nil {
				l.expect(sub, e.Value, budget)
			}
		}
	case source.Sequence:
		for _, item := range n.Items() {
			if sub := l.inside(p); sub != nil {
				l.expect(sub, item, budget)
			}
		}
	}
}

// covers reports whether p has all that value has something in.
func (p *part) covers(value any) bool {
	switch value := value.(type) {
	case map[string]any:
		if !p.opened {
			return false
		}
		for name, v := range value {
			sub := p.fields[name]
			if sub == nil {
				if _, fixed := p.schema.Properties[name]; fixed {
					return false
				}
				if sub = p.values; sub == nil {
					if below(p.schema) != nil {
						return false
					}
					continue
				}
			}
			if !sub.covers(v) {
				return false
			}
		}
	case []any:
		if p.values == nil {
			return len(value) == 0 || below(p.schema) == nil
		}
		for _, v := range value {
			if !p.values.covers(v) {
				return false
			}
		}
	}
	return true
}

// narrow returns the schema without all that is not in p, and finds the rules in it.
func (l *library) narrow(p *part) apiextensionsv1.JSONSchemaProps {
	s := *p.schema
	p.ruled = len(s.XValidations) > 0
	size := 1
	s.XValidations = nil // run by rules
	s.Properties = nil
	if p.fields != nil {
		s.Properties = make(map[string]apiextensionsv1.JSONSchemaProps, len(p.fields))
		for name, sub := range p.fields {
			s.Properties[name] = l.narrow(sub)
			p.ruled = p.ruled || sub.ruled
			size += sub.size
		}
	}
	var values *apiextensionsv1.JSONSchemaProps
	if p.values != nil {
		v := l.narrow(p.values)
		values = &v
		p.ruled = p.ruled || p.values.ruled
		size += p.values.size
	}
	switch {
	case s.Items != nil && len(s.Items.JSONSchemas) == 0:
		s.Items = nil
		if values != nil {
			s.Items = &apiextensionsv1.JSONSchemaPropsOrArray{Schema: values}
		}
	case s.AdditionalProperties != nil && s.AdditionalProperties.Schema != nil:
		s.AdditionalProperties = nil
		if values != nil {
			s.AdditionalProperties = &apiextensionsv1.JSONSchemaPropsOrBool{Allows: true, Schema: values}
		}
	}
	if len(p.schema.XValidations) > 0 && size != p.size {
		p.rules = l.rulesOf(l.forRules(p, p.schema, namesIn(p.schema.XValidations)), p.whole)
	}
	p.size = size
	return s
}

// forRules returns what the rules of a schema are compiled against: of what is in p and of what they name, without the rules further down.
// Whatever value a rule meets has its schema there.
func (l *library) forRules(p *part, s *apiextensionsv1.JSONSchemaProps, names map[string]bool) *apiextensionsv1.JSONSchemaProps {
	out := *l.resolve(s)
	properties := out.Properties
	out.Description, out.Properties = "", nil
	below := func(p *part, s *apiextensionsv1.JSONSchemaProps) *apiextensionsv1.JSONSchemaProps {
		sub := l.forRules(p, s, names)
		// Rules inside an allOf run where the place has rules of its own; elsewhere they do not (no schema is known that has such).
		sub.XValidations, sub.AllOf = nil, nil
		return sub
	}
	if p == nil {
		p = &part{}
	}
	for name, s := range properties {
		escaped, _ := celmodel.Escape(name)
		if p.fields[name] == nil && !names[escaped] {
			continue
		}
		if out.Properties == nil {
			out.Properties = map[string]apiextensionsv1.JSONSchemaProps{}
		}
		out.Properties[name] = *below(p.fields[name], &s)
	}
	if out.Items != nil && out.Items.Schema != nil {
		out.Items = &apiextensionsv1.JSONSchemaPropsOrArray{Schema: below(p.values, out.Items.Schema)}
	}
	if a := out.AdditionalProperties; a != nil && a.Schema != nil {
		out.AdditionalProperties = &apiextensionsv1.JSONSchemaPropsOrBool{Allows: true, Schema: below(p.values, a.Schema)}
	}
	return &out
}

// shapeFor returns a shape that has all that an object has something in, and the part that it was made of. The caller holds c.mu for
// reading, and has it again when shapeFor returns.
func (c *checker) shapeFor(obj map[string]any) (*part, *shape, error) {
	if c.shape == nil || !c.part.covers(obj) {
		c.mu.RUnlock()
		defer c.mu.RLock()
		c.mu.Lock()
		defer c.mu.Unlock()
		ahead := c.expected != nil
		err := c.extend(obj)
		if err != nil && ahead {
			err = c.extend(obj) // it may be the part of another object that cannot be converted
		}
		if err != nil {
			return nil, nil, err
		}
	}
	return c.part, c.shape, nil
}

// extend makes the shape anew, for one more object.
func (c *checker) extend(obj map[string]any) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
		if err != nil {
			// The objects before were judged without what this one has, and those behind it are.
			c.part, c.shape, c.expected = nil, nil, nil
		}
	}()
	if c.part == nil {
		if c.wide == nil {
			if c.wide, err = c.schema(); err != nil {
				return err
			}
		}
		c.part = c.wide.newPart(c.wide.root, true)
	}
	budget := expectedNodes
	for _, root := range c.expected {
		c.wide.expect(c.part, root, &budget)
	}
	c.expected = nil
	c.wide.grow(c.part, obj)
	narrow := c.wide.narrow(c.part)
	c.shape, err = newShape(&narrow)
	return err
}
