package capability

// DeviceTier ranks devices by what they can run. It is one of four things in
// this project that are called a tier or a rank; the others are [GPUTier], the
// tier of an identity, and the priority of a backend endpoint.
//
// The zero value, on a model, demands nothing.
type DeviceTier uint8

// The tiers and the largest model each is meant for (book chapter 5.5.3, "Size
// constraints by device").
const (
	TierAny     DeviceTier = iota // no demand
	TierMobile                    // up to about 1 GB, 0.5-1B parameters
	TierDesktop                   // about 2 GB, 1-4B parameters
	TierHighEnd                   // about 4 GB, 3-8B parameters
)

var deviceTierNames = []string{"", "mobile", "desktop", "high-end"}

// String returns the wire name, "" for [TierAny].
func (t DeviceTier) String() string { return nameOf(deviceTierNames, t) }

// MarshalText implements [encoding.TextMarshaler].
func (t DeviceTier) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler]. Unlike a device's claim,
// a tier is written by the operator, so a word nobody knows is an error.
func (t *DeviceTier) UnmarshalText(text []byte) error {
	return parseName(deviceTierNames, text, t, "device tier", "mobile, desktop or high-end")
}

// GPUTier is the page's estimate of how strong the graphics processor is. The
// zero value means unknown.
type GPUTier uint8

// GPU tiers in rising order.
const (
	GPUUnknown GPUTier = iota
	GPUNone
	GPULow
	GPUMedium
	GPUHigh
)

var gpuTierNames = []string{"", "none", "low", "medium", "high"}

// String returns the wire name, "" for [GPUUnknown].
func (t GPUTier) String() string { return nameOf(gpuTierNames, t) }

// MarshalText implements [encoding.TextMarshaler].
func (t GPUTier) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler]. A word nobody knows
// becomes [GPUUnknown]: newer pages may use finer words.
func (t *GPUTier) UnmarshalText(text []byte) error {
	if parseName(gpuTierNames, text, t, "", "") != nil {
		*t = GPUUnknown
	}
	return nil
}

// Tier derives the device tier from form factor and GPU.
//
// A phone or tablet is [TierMobile] whatever its GPU: its browser kills tabs at
// about 1.5 GB. A strong GPU makes [TierHighEnd], a medium one [TierDesktop], a
// weak or absent one [TierMobile]. A device that says neither is placed in the
// middle, so that unknown is neither punished nor trusted with the largest
// models.
func (d *Device) Tier() DeviceTier {
	if d.IsMobile == Yes || d.IsTablet == Yes {
		return TierMobile
	}
	switch d.GPUTier {
	case GPUHigh:
		return TierHighEnd
	case GPULow, GPUNone:
		return TierMobile
	default:
		return TierDesktop
	}
}
