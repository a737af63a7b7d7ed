"""The fields that client messages may have, by message type, with the type of each. Data only.

A kind is a type name of this table, a scalar, `free` (the user's own data, never looked into) or an enum below;
`[]` after it is a list, `{}` a map with free keys. A field that one platform lacks is named in ONLY_VERTEX or
ONLY_DEVELOPER.
"""

from __future__ import annotations

SCALARS = frozenset({"string", "bool", "number", "int", "bytes", "duration", "free"})

ENUMS: dict[str, frozenset[str]] = {
    "Modality": frozenset({"TEXT", "IMAGE", "AUDIO", "VIDEO"}),
    "MediaResolution": frozenset({"MEDIA_RESOLUTION_LOW", "MEDIA_RESOLUTION_MEDIUM", "MEDIA_RESOLUTION_HIGH"}),
    "StartSensitivity": frozenset({"START_SENSITIVITY_HIGH", "START_SENSITIVITY_LOW"}),
    "EndSensitivity": frozenset({"END_SENSITIVITY_HIGH", "END_SENSITIVITY_LOW"}),
    "ActivityHandling": frozenset({"START_OF_ACTIVITY_INTERRUPTS", "NO_INTERRUPTION"}),
    "TurnCoverage": frozenset(
        {"TURN_INCLUDES_ONLY_ACTIVITY", "TURN_INCLUDES_ALL_INPUT", "TURN_INCLUDES_AUDIO_ACTIVITY_AND_ALL_VIDEO"}
    ),
    "ThinkingLevel": frozenset({"MINIMAL", "LOW", "MEDIUM", "HIGH", "XHIGH"}),
    "Scheduling": frozenset({"SILENT", "WHEN_IDLE", "INTERRUPT"}),
    "Behavior": frozenset({"BLOCKING", "NON_BLOCKING"}),
    "TranscriptionMode": frozenset({"VERBATIM", "SMART"}),
    "HarmCategory": frozenset(
        "HARM_CATEGORY_" + name
        for name in (
            *("HARASSMENT", "HATE_SPEECH", "SEXUALLY_EXPLICIT", "DANGEROUS_CONTENT", "CIVIC_INTEGRITY", "JAILBREAK"),
            *("IMAGE_HATE", "IMAGE_DANGEROUS_CONTENT", "IMAGE_HARASSMENT", "IMAGE_SEXUALLY_EXPLICIT"),
        )
    ),
    "HarmThreshold": frozenset(
        {"BLOCK_LOW_AND_ABOVE", "BLOCK_MEDIUM_AND_ABOVE", "BLOCK_ONLY_HIGH", "BLOCK_NONE", "OFF"}
    ),
    "HarmMethod": frozenset({"SEVERITY", "PROBABILITY"}),
    # The service takes schema types in either case, unlike its other enums.
    "SchemaType": frozenset(
        form
        for name in ("STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "NULL")
        for form in (name, name.lower())
    ),
}


def _fields(text: str) -> dict[str, str]:
    return dict(item.split(":", 1) for item in text.split())


TYPES: dict[str, dict[str, str]] = {
    "ClientMessage": _fields(
        "setup:Setup clientContent:ClientContent realtimeInput:RealtimeInput toolResponse:ToolResponse"
        " contextUpdate:ContextUpdate"
    ),
    "GenerateRequest": _fields(
        "model:string contents:Content[] systemInstruction:Content tools:Tool[] toolConfig:free labels:free"
        " safetySettings:SafetySetting[] generationConfig:GenerationConfig cachedContent:string serviceTier:free"
    ),
    "CountRequest": _fields(
        "model:string contents:Content[] generateContentRequest:GenerateRequest systemInstruction:Content tools:Tool[]"
        " generationConfig:GenerationConfig"
    ),
    "Setup": _fields(
        "model:string generationConfig:GenerationConfig systemInstruction:Content tools:Tool[]"
        " sessionResumption:SessionResumption contextWindowCompression:Compression"
        " inputAudioTranscription:Transcription outputAudioTranscription:Transcription proactivity:Proactivity"
        " explicitVadSignal:bool historyConfig:HistoryConfig avatarConfig:AvatarConfig"
        " safetySettings:SafetySetting[] labels:free realtimeInputConfig:RealtimeInputConfig"
    ),
    "GenerationConfig": _fields(
        "candidateCount:int enableAffectiveDialog:bool frequencyPenalty:number maxOutputTokens:int"
        " mediaResolution:MediaResolution presencePenalty:number responseModalities:Modality[] seed:int"
        " speechConfig:SpeechConfig temperature:number thinkingConfig:ThinkingConfig topK:number topP:number"
        " translationConfig:TranslationConfig audioTranscriptionConfig:Transcription"
        " responseLogprobs:bool responseMimeType:string logprobs:int responseSchema:Schema responseJsonSchema:free"
        " stopSequences:string[] routingConfig:free audioTimestamp:bool responseFormat:free"
        " enableEnhancedCivicAnswers:bool modelSelectionConfig:free"
    ),
    "SpeechConfig": _fields("voiceConfig:VoiceConfig languageCode:string multiSpeakerVoiceConfig:free"),
    "VoiceConfig": _fields("prebuiltVoiceConfig:PrebuiltVoice replicatedVoiceConfig:ReplicatedVoice voice:string"),
    "PrebuiltVoice": _fields("voiceName:string"),
    "ReplicatedVoice": _fields("mimeType:string voiceSampleAudio:bytes consentAudio:bytes voiceConsentSignature:free"),
    "ThinkingConfig": _fields("includeThoughts:bool thinkingBudget:int thinkingLevel:ThinkingLevel"),
    "TranslationConfig": _fields("echoTargetLanguage:bool targetLanguageCode:string"),
    "SessionResumption": _fields("handle:string transparent:bool"),
    "Compression": _fields("triggerTokens:int slidingWindow:SlidingWindow"),
    "SlidingWindow": _fields("targetTokens:int"),
    "Transcription": _fields(
        "languageCodes:string[] languageAuto:free languageHints:free customVocabulary:free adaptationPhrases:free"
        " wordTimestamp:bool diarization:bool mode:TranscriptionMode sourceText:free"
    ),
    "Proactivity": _fields("proactiveAudio:bool proactiveVideo:bool"),
    "HistoryConfig": _fields("initialHistoryInClientContent:bool"),
    "AvatarConfig": _fields("avatarName:string customizedAvatar:free audioBitrateBps:int videoBitrateBps:int"),
    "SafetySetting": _fields("category:HarmCategory threshold:HarmThreshold method:HarmMethod"),
    "RealtimeInputConfig": _fields(
        "automaticActivityDetection:ActivityDetection activityHandling:ActivityHandling turnCoverage:TurnCoverage"
        " interimTranscriptTimestampEnabled:bool"
    ),
    "ActivityDetection": _fields(
        "disabled:bool startOfSpeechSensitivity:StartSensitivity endOfSpeechSensitivity:EndSensitivity"
        " prefixPaddingMs:int silenceDurationMs:int"
    ),
    "Tool": _fields(
        "functionDeclarations:FunctionDeclaration[] googleSearch:free googleSearchRetrieval:free codeExecution:free"
        " urlContext:free googleMaps:free computerUse:free fileSearch:free mcpServers:free retrieval:free"
        " enterpriseWebSearch:free parallelAiSearch:free exaAiSearch:free"
    ),
    "FunctionDeclaration": _fields(
        "name:string description:string parameters:Schema parametersJsonSchema:free response:Schema"
        " responseJsonSchema:free behavior:Behavior"
    ),
    "Schema": _fields(
        "additionalProperties:free defs:free ref:string anyOf:Schema[] default:free description:string enum:string[]"
        " example:free format:string items:Schema maxItems:int maxLength:int maxProperties:int maximum:number"
        " minItems:int minLength:int minProperties:int minimum:number nullable:bool pattern:string"
        " properties:Schema{} propertyOrdering:string[] required:string[] title:string type:SchemaType"
    ),
    "ClientContent": _fields("turns:Content[] turnComplete:bool"),
    "Content": _fields("role:string parts:Part[]"),
    "Part": _fields(
        "text:string inlineData:Blob fileData:free functionCall:FunctionCall functionResponse:FunctionResponse"
        " executableCode:free codeExecutionResult:free thought:bool thoughtSignature:bytes videoMetadata:free"
        " mediaResolution:free toolCall:free toolResponse:free partMetadata:free audioTranscription:free"
        " mediaProcessing:free speechMetadata:free documentMetadata:free spreadsheetMetadata:free audioMetadata:free"
    ),
    "Blob": _fields("data:bytes mimeType:string displayName:string"),
    "FunctionCall": _fields("id:string name:string args:free partialArgs:free willContinue:bool"),
    "FunctionResponse": _fields(
        "id:string name:string response:free willContinue:bool scheduling:Scheduling parts:free"
    ),
    "RealtimeInput": _fields(
        "audio:Blob video:Blob text:string audioStreamEnd:bool activityStart:Empty activityEnd:Empty mediaChunks:Blob[]"
    ),
    "Empty": {},
    "ToolResponse": _fields("functionResponses:FunctionResponse[]"),
    "ContextUpdate": _fields("systemInstruction:Content tools:ToolList"),
    "ToolList": _fields("tools:Tool[]"),
}

ONLY_VERTEX = frozenset(
    {
        ("Setup", "explicitVadSignal"),
        ("GenerateRequest", "labels"),
        ("CountRequest", "systemInstruction"),
        ("CountRequest", "tools"),
        ("CountRequest", "generationConfig"),
        ("SessionResumption", "transparent"),
        ("SafetySetting", "method"),
        ("Tool", "retrieval"),
        ("Tool", "enterpriseWebSearch"),
        ("Tool", "parallelAiSearch"),
        ("Tool", "exaAiSearch"),
        ("GenerationConfig", "routingConfig"),
        ("GenerationConfig", "audioTimestamp"),
        ("GenerationConfig", "modelSelectionConfig"),
    }
)
ONLY_DEVELOPER = frozenset(
    {
        ("FunctionResponse", "willContinue"),
        ("Tool", "fileSearch"),
        ("CountRequest", "generateContentRequest"),
        ("ReplicatedVoice", "consentAudio"),
        ("ReplicatedVoice", "voiceConsentSignature"),
    }
)
