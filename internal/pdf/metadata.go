package pdf

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"time"
)

// metadata is the XMP packet (ISO 16684-1): title, language, time. It names
// no conformity.
func (d *Document) metadata() []byte {
	var title bytes.Buffer
	// A bytes.Buffer accepts every write.
	_ = xml.EscapeText(&title, []byte(d.title))
	return fmt.Appendf(nil, `<?xpacket begin="%s" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/">
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">%s</rdf:li></rdf:Alt></dc:title>
<dc:language><rdf:Bag><rdf:li>%s</rdf:li></rdf:Bag></dc:language>
<xmp:CreateDate>%s</xmp:CreateDate>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>`, "\uFEFF", title.String(), d.lang, d.at.Format(time.RFC3339))
}
