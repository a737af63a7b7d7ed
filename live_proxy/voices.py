"""The voices and languages that Live models speak with, as Google names them. Upper and lower case count."""

VOICES = (
    *("Achernar", "Achird", "Algenib", "Algieba", "Alnilam", "Aoede", "Autonoe", "Callirrhoe", "Charon", "Despina"),
    *("Enceladus", "Erinome", "Fenrir", "Gacrux", "Iapetus", "Kore", "Laomedeia", "Leda", "Orus", "Puck"),
    *("Pulcherrima", "Rasalgethi", "Sadachbia", "Sadaltager", "Schedar", "Sulafat", "Umbriel", "Vindemiatrix"),
    *("Zephyr", "Zubenelgenubi"),
)

# Each in its own words, as people look for it.
LANGUAGES = {
    "ar-XA": "العربية",
    "bn-IN": "বাংলা",
    "cmn-CN": "普通话",
    "de-DE": "Deutsch",
    "en-AU": "English (Australia)",
    "en-GB": "English (United Kingdom)",
    "en-IN": "English (India)",
    "en-US": "English (United States)",
    "es-ES": "Español (España)",
    "es-US": "Español (Estados Unidos)",
    "fr-CA": "Français (Canada)",
    "fr-FR": "Français (France)",
    "gu-IN": "ગુજરાતી",
    "hi-IN": "हिन्दी",
    "id-ID": "Bahasa Indonesia",
    "it-IT": "Italiano",
    "ja-JP": "日本語",
    "kn-IN": "ಕನ್ನಡ",
    "ko-KR": "한국어",
    "ml-IN": "മലയാളം",
    "mr-IN": "मराठी",
    "nl-NL": "Nederlands",
    "pl-PL": "Polski",
    "pt-BR": "Português (Brasil)",
    "ru-RU": "Русский",
    "ta-IN": "தமிழ்",
    "te-IN": "తెలుగు",
    "th-TH": "ไทย",
    "tr-TR": "Türkçe",
    "vi-VN": "Tiếng Việt",
}
