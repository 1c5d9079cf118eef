package crd

import (
	"encoding/json"
	"math"
	"regexp"
	"slices"
	"unicode/utf8"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// fits reports whether a value is certainly one of the schema: nearly all are, and making sure takes a tenth of the time that the API server's
// own validation takes. False says nothing; that validation then has the word.
func (p *part) fits(value any) bool {
	s := p.schema
	if !plain(s) {
		return false
	}
	if s.Enum != nil && !slices.ContainsFunc(s.Enum, func(e apiextensionsv1.JSON) bool { return isText(e, value) }) {
		return false
	}
	if value != nil && unbound(s) {
		return true
	}
	switch value := value.(type) {
	case nil:
		return s.Nullable
	case string:
		n := int64(utf8.RuneCountInString(value))
		return (s.Type == "string" || s.Type == "" && s.XIntOrString) &&
			(s.Pattern == "" || p.matches(value)) && s.Format == "" && (s.MinLength == nil || n >= *s.MinLength) && (s.MaxLength == nil || n <= *s.MaxLength)
	case bool:
		return s.Type == "boolean" && s.Format == ""
	case int64:
		switch s.Format {
		case "", "int64":
		case "int32":
			if value < math.MinInt32 || value > math.MaxInt32 {
				return false
			}
		default:
			return false
		}
		const exact = 1 << 53 // as a float64
		return (s.Type == "integer" || s.Type == "number" || s.Type == "" && s.XIntOrString) && value > -exact && value < exact &&
			(s.Minimum == nil || float64(value) > *s.Minimum || float64(value) == *s.Minimum && !s.ExclusiveMinimum) &&
			(s.Maximum == nil || float64(value) < *s.Maximum || float64(value) == *s.Maximum && !s.ExclusiveMaximum)
	case map[string]any:
		n := int64(len(value))
		if s.Type != "object" || s.MinProperties != nil && n < *s.MinProperties || s.MaxProperties != nil && n > *s.MaxProperties {
			return false
		}
		for _, name := range s.Required {
			if _, ok := value[name]; !ok {
				return false
			}
		}
		for name, v := range value {
			sub := p.fields[name]
			if sub == nil {
				if _, fixed := s.Properties[name]; fixed || below(s) != nil && p.values == nil {
					return false // not converted
				}
				if sub = p.values; sub == nil {
					continue // what is not known was taken out before, or is to be kept as it is
				}
			}
			if !sub.fits(v) {
				return false
			}
		}
		return true
	case []any:
		n := int64(len(value))
		if s.Type != "array" || s.MinItems != nil && n < *s.MinItems || s.MaxItems != nil && n > *s.MaxItems || p.values == nil && n > 0 {
			return false
		}
		for _, v := range value {
			if !p.values.fits(v) {
				return false
			}
		}
		return true
	}
	return false
}

// matches reports whether a text matches the pattern of the schema.
func (p *part) matches(text string) bool {
	p.once.Do(func() { p.pattern, _ = regexp.Compile(p.schema.Pattern) })
	return p.pattern != nil && p.pattern.MatchString(text)
}

// unbound reports whether a plain schema lets any value be.
func unbound(s *apiextensionsv1.JSONSchemaProps) bool {
	return s.Type == "" && s.Format == "" && !s.XIntOrString && s.Pattern == "" && s.Enum == nil && len(s.Properties) == 0 && s.Items == nil &&
		s.AdditionalProperties == nil && len(s.Required) == 0 && s.Minimum == nil && s.Maximum == nil && s.MinLength == nil && s.MaxLength == nil &&
		s.MinItems == nil && s.MaxItems == nil && s.MinProperties == nil && s.MaxProperties == nil
}

// plain reports whether fits knows all that a schema demands of a value itself.
func plain(s *apiextensionsv1.JSONSchemaProps) bool {
	either := s.XIntOrString && len(s.AnyOf) == 2 && s.AnyOf[0].Type == "integer" && s.AnyOf[1].Type == "string"
	return s.MultipleOf == nil && len(s.AllOf) == 0 && len(s.OneOf) == 0 && (len(s.AnyOf) == 0 || either) && s.Not == nil &&
		len(s.PatternProperties) == 0 && s.AdditionalItems == nil && len(s.Dependencies) == 0
}

// isText reports whether JSON is a text or whole number, and that of value.
func isText(e apiextensionsv1.JSON, value any) bool {
	switch value.(type) {
	case string, int64:
		text, err := json.Marshal(value)
		return err == nil && string(text) == string(e.Raw)
	}
	return false
}
