package config

import (
	"strings"
	"testing"
)

func TestSecretByName(t *testing.T) {
	for _, c := range []struct {
		name, value string
		want        bool
	}{
		{"DB_PASSWORD", "hunter2", true},
		{"dbPassword", "hunter2", true},
		{"POSTGRES_PASSWORD_1", "postgres", true},
		{"MYSQL_PWD", "root", true},
		{"spring.datasource.password", "s3cr3t", true},
		{"AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", true},
		{"JWT_SECRET", "keyboardcat", true},
		{"SECRET_KEY_BASE", "0b3f9a7c1d5e", true},
		{"API_TOKEN", "f3Kq91LmZ0", true},
		{"ENCRYPTION_KEY", "0123456789abcdef", true},

		{"DB_PASSWORD", "", false},
		{"DB_PASSWORD", "changeme", false},
		{"DB_PASSWORD", "change-me-please", false},
		{"DB_PASSWORD", "<password>", false},
		{"DB_PASSWORD", "${DB_PASSWORD}", false},
		{"DB_PASSWORD", "$(OTHER)", false},
		{"DB_PASSWORD", "{{ .Values.password }}", false},
		{"DB_PASSWORD", "xxxxxxxx", false},
		{"DB_PASSWORD", "/var/run/secrets/password", false},
		{"DB_PASSWORD", "vault:secret/data/db#password", false},
		{"DB_PASSWORD_FILE", "hunter2hunter2", false},
		{"TOKEN_URL", "https://example.com/token", false},
		{"API_TOKEN", "https://example.com/token", false},
		{"SECRET_NAME", "shop-db", false},
		{"TLS_SECRET", "shop-web-tls", false},
		{"WEBHOOK_SECRET", "webhook-server-secret", false},
		{"PASSWORD_MIN_LENGTH", "12345678", false},
		{"MIN_PASSWORD", "123", false},
		{"ALLOW_EMPTY_PASSWORD", "yes", false},
		{"MYSQL_RANDOM_ROOT_PASSWORD", "yes1", false},
		{"MAX_TOKEN", "1234567890123", false},
		{"TOKEN", "4096", false},
		{"TOKEN", "bearer", false},
		{"AUTH_TOKEN", "kubernetes", false},
		{"CACHE_KEY", "f3Kq91LmZ0", false},
		{"PUBLIC_KEY", "f3Kq91LmZ0", false},
		{"ACCESS_KEY", "f3Kq91LmZ0", false},
		{"PWD", "/srv/app", false},
		{"COMPASS", "north-east-1", false},
		{"MONKEY", "f3Kq91LmZ0", false},
		{"AWS_SECRET", "arn:aws:secretsmanager:eu-west-1:1:secret:db", false},
		{"REQUIRE_PASSWORD", "true", false},
		{"GOOGLE_API_KEY", "GOOGLE_API_KEY_VAL", false},
		{"DB_PASSWORD", "DB_PASS_HERE", false},
		{"DB_PASSWORD", "REPLACE_ME", false},
		{"DB_PASSWORD", "[password]", false},
		{"DB_PASSWORD", "@DB_PASSWORD@", false},
		{"DB_PASSWORD", "%db.password%", false},
		{"API_TOKEN", "put-your-token-here-1", false},
		{"API_TOKEN", "change-this-1", false},
		{"DB_PASSWORD", "TBD", false},
		{"DB_PASSWORD", "#h4rd!", true},
		{"DB_PASSWORD", "password", true},
		{"DB_PASSWORD", "fake_password", true},
	} {
		if got := maySecret(c.name) && secretName(c.name) && secretValue(c.name, c.value); got != c.want {
			t.Errorf("%s=%q is a secret: %v", c.name, c.value, got)
		}
	}
}

func TestCredential(t *testing.T) {
	for _, c := range []struct {
		value string
		want  string
	}{
		{"AKIA" + "Q4ZT7M2XK9BW3JVN", "an AWS access key"},
		{"ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8", "a GitHub token"},
		{"-----BEGIN RSA PRIVATE " + "KEY-----\n" + strings.Repeat("MIIEowIBAAKCAQEA", 8), "a private key"},
		{"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P", "a signed web token (JWT)"},
		{"postgres://shop:hunter2@db:5432/shop", "a URL with a password"},
		{"amqp://guest:guest@rabbitmq//", "a URL with a password"},

		{"postgres://shop:$(DB_PASSWORD)@db:5432/shop", ""},
		{"postgres://shop:${PASS}@db/shop", ""},
		{"postgres://shop:<password>@db/shop", ""},
		{"postgres://shop@db:5432/shop", ""},
		{"https://example.com/@scope/pkg", ""},
		{"https://example.com:8443/a", ""},
		{"mailto:a@example.com see http://x", ""},
		{"ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", ""},
		{"AKIAIOSFODNN7EXAMPLE", ""},
		{"-----BEGIN CERTIFICATE-----\nMIID", ""},
		{"eyJ.eyJ.x", ""},
		{"some ordinary text of a setting", ""},
	} {
		if got := credential(c.value); got != c.want {
			t.Errorf("credential(%q) = %q, want %q", c.value, got, c.want)
		}
	}
}
